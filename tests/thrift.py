"""What makes hundreds of apps in one process cheap. Building an app is mostly compiling: its
routes, and each template it shows. Both come from the same source every time, so they are
compiled once and every further app takes the result. A password's hash is slow on purpose,
which only the tests of the hashing itself want (`test_staff_accounts`, the journeys)."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.routing import Rule


class CompiledTemplates(BytecodeCache):
    """Templates' byte code in memory. Jinja compares the source's checksum itself."""

    def __init__(self) -> None:
        self._known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is known of a template."""
        if bucket.key in self._known:
            bucket.bytecode_from_string(self._known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember what has been compiled."""
        self._known[bucket.key] = bucket.bytecode_to_string()


@contextmanager
def compiled_once() -> Iterator[None]:
    """Compile each route and each template once, whichever app asks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options",
                      {**Flask.jinja_options, "bytecode_cache": CompiledTemplates()})
        patch.setattr(Rule, "_compile_builder", _remembering(Rule._compile_builder))
        yield


def _remembering(compile_builder: Any) -> Any:
    """A route's two URL builders are functions of what it is made of; converters are asked
    through the route they are called with, so routes that read alike can share them."""
    known: dict[object, Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in known:
            known[key] = compile_builder(rule, append_unknown)
        return known[key]
    return compiled


def spare_the_collector() -> None:
    """What stands when tests begin (modules, thousands of collected tests) is never garbage,
    and an app is tens of thousands of objects that Python would look through for garbage a
    hundred times while it is built, for half of the time that takes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)


def hash_quickly(app: Flask) -> None:
    """Passwords of this app get Argon2's smallest parameters: the same algorithm, the same
    kind of hash."""
    app.extensions["security"].pwd_context.update(
        argon2__time_cost=1, argon2__memory_cost=8, argon2__parallelism=1)
