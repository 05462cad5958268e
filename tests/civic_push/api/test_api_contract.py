"""Schemathesis asks every operation whatever its description allows, and what it does not:
no defect of ours, and nothing that the description does not say. The same questions every
time; no answer of the network is asked for, because addresses made up by chance name no
server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from civic_push.db import db
from tests.civic_push.api.conftest import Program

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

_CHECKS: list[Any] = [checks.not_a_server_error, status_code_conformance,
                      content_type_conformance, response_headers_conformance,
                      response_schema_conformance]


def test_no_question_breaks_the_api_or_its_description(
        app: Flask, make_program: Callable[..., Program],
        make_announcement: Callable[..., Any]) -> None:
    app.config["RATELIMIT_ENABLED"] = False
    make_announcement()
    token = make_program().token
    db.session.remove()
    described = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app)
    asked = 0

    def ask(case: schemathesis.Case, allowed: bool) -> None:
        nonlocal asked
        asked += 1
        case.call_and_validate(checks=_CHECKS if allowed else [checks.not_a_server_error],
                               headers={"Authorization": f"Bearer {token}"})

    for found in described.get_all_operations():
        operation = found.ok()
        _put(operation.as_strategy(generation_mode=GenerationMode.POSITIVE), 6,
             partial(ask, allowed=True))
        if operation.body:
            _put(operation.as_strategy(generation_mode=GenerationMode.NEGATIVE), 4,
                 partial(ask, allowed=False))
    assert asked > 90


def _put(questions: SearchStrategy[Any], most: int, ask: Callable[[schemathesis.Case], None]
         ) -> None:
    """Ask as many of these questions, the same ones each time."""
    settings(max_examples=most,
             phases=[Phase.generate], suppress_health_check=list(HealthCheck))(
        given(case=questions)(lambda case: ask(case)))()
