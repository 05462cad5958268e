"""The API's description: OpenAPI 3 as JSON, and a page made of the same, without scripts."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, current_app, jsonify, render_template
from flask_smorest import Api
from werkzeug.wrappers import Response

from civic_push.config import settings
from civic_push.web.api.frame import described
from civic_push.web.api.once import HEADER
from civic_push.web.problems import API, MEDIA_TYPE
from civic_push.web.protection import for_everybody

pages = Blueprint("api_document", __name__, url_prefix=API)

_WORDS = {
    400: "This is no JSON.", 401: "A valid token is needed.",
    403: "The token's scope or limits do not allow this.", 404: "There is no such thing.",
    409: "Not in this state.", 412: "It has changed since (If-Match).",
    413: "Too large.", 415: "Not JSON.", 422: "Something sent is wrong; `errors` says what.",
    428: "If-Match is missing.", 429: "Too many requests; Retry-After says when."}
_PROBLEM = {
    "type": "object", "required": ["type", "title", "status"],
    "description": "RFC 9457. `errors` names what is wrong by JSON Pointer or parameter.",
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"},
        "status": {"type": "integer"}, "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {"type": "array", "items": {
            "type": "object", "required": ["detail"], "properties": {
                "pointer": {"type": "string"}, "parameter": {"type": "string"},
                "detail": {"type": "string"}}}}}}
_METHODS = ("get", "post", "put", "delete")


class _Described(Api):  # type: ignore[misc]  # flask-smorest has no types
    """flask-smorest's description of our blueprint; errors are ours to answer."""

    def _register_error_handlers(self) -> None:
        """Leave them as they are: see web.errors."""


@pages.get("/openapi.json")
def openapi() -> Response:
    """The document."""
    return for_everybody(jsonify(document()), 300)


@pages.get("/")
def read() -> str:
    """The document, for people."""
    return render_template("api.html", document=document(), api=API, methods=_METHODS)


def document() -> dict[str, Any]:
    """The document, made when first asked for."""
    made = current_app.extensions.get("civic_push_openapi")
    if made is None:
        made = _complete(_described(current_app._get_current_object()))  # type: ignore[attr-defined]
        current_app.extensions["civic_push_openapi"] = made
    found: dict[str, Any] = made
    return found


def _described(app: Flask) -> dict[str, Any]:
    made_by = _Described(app, spec_kwargs={
        "title": f"Civic Push, {settings().town}", "version": "v1", "openapi_version": "3.0.3",
        "servers": [{"url": settings().public_url}],
        "info": {"description": "Announcements of the town. docs/api.md tells more."}})
    described.register_views_in_doc(made_by, app, made_by.spec, name=described.name,
                                    parameters=None)
    made: dict[str, Any] = made_by.spec.to_dict()
    for (schema, *_modifiers), name in made_by.ma_plugin.converter.refs.items():
        made["components"]["schemas"][name]["description"] = " ".join(schema.__doc__.split())
    return made


def _complete(made: dict[str, Any]) -> dict[str, Any]:
    """Say of each operation what all have in common, and what `operation` declared."""
    components = made.setdefault("components", {})
    components.pop("responses", None)
    for name in ("Error", "PaginationMetadata"):  # of flask-smorest, which we do not use
        components["schemas"].pop(name, None)
    components["schemas"]["Problem"] = _PROBLEM
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in made["paths"].items():
        for method in _METHODS:
            if method in methods:
                _finish(path, method, methods[method])
    return made


def _finish(path: str, method: str, operation: dict[str, Any]) -> None:
    adapter = current_app.url_map.bind("")
    endpoint = adapter.match(path.replace("{number}", "1"), method.upper())[0]
    view: Any = current_app.view_functions[endpoint]
    takes_body = "requestBody" in operation
    operation["operationId"] = endpoint.partition(".")[2]
    operation["security"] = [{"token": []}] if view.needs else [{}, {"token": []}]
    if view.needs:
        operation["x-scope"] = view.needs.value
    statuses = {429, *view.problems, *((401, 403) if view.needs else ()),
                *((400, 413, 415, 422) if takes_body else ())}
    responses = operation["responses"]
    for status in ("422", "default"):  # flask-smorest's own
        responses.pop(status, None)
    for status in sorted(statuses):
        responses[str(status)] = {"description": _WORDS[status], "content": {
            MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    operation.setdefault("parameters", []).extend(_headers(method, statuses, bool(view.needs)))


def _headers(method: str, statuses: set[int], token: bool) -> list[dict[str, Any]]:
    found = []
    if method == "post" and token:
        found.append((HEADER, "Send it again with the same key: it is done once."))
    if 412 in statuses:
        found.append(("If-Match", "The ETag of what you have read."))
    return [{"in": "header", "name": name, "description": words, "schema": {"type": "string"}}
            for name, words in found]
