"""The API's description, for people and programs."""

from __future__ import annotations

from html import unescape

from flask.testing import FlaskClient

from tests.civic_push.api.conftest import Program
from tests.civic_push.api.test_announcements_api import ONE_DATABASE

pytestmark = ONE_DATABASE


def test_the_page_names_every_operation_and_needs_no_script(client: FlaskClient) -> None:
    described = client.get("/api/v1/openapi.json").get_json()
    page = unescape(client.get("/api/v1/").get_data(as_text=True))
    for path, operations in described["paths"].items():
        assert path in page
        for said in operations.values():
            if isinstance(said, dict):
                assert f'id="{said["operationId"]}"' in page
    for name, schema in described["components"]["schemas"].items():
        assert f'id="schema-{name}"' in page
        assert schema["description"] in page, name
    for name in ("Place", "PlaceIn", "TranslationsIn", "CorrectedIn"):
        assert f'<a href="#schema-{name}">{name}</a>' in page
    assert "PaginationMetadata" not in page
    assert page.count("<script") == client.get("/impressum").get_data(as_text=True).count("<script")


def test_the_document_says_scope_key_and_problems_of_an_operation(stranger: Program) -> None:
    answer = stranger.get("/openapi.json")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    said = answer.get_json()["paths"]["/api/v1/announcements/{number}/publish"]["post"]
    assert said["x-scope"] == "announcements:publish"
    assert {p["name"] for p in said["parameters"]} == {"Idempotency-Key", "If-Match"}
    assert set(said["responses"]) >= {"200", "401", "403", "404", "409", "412", "422", "429"}
    assert list(said["responses"]["409"]["content"]) == ["application/problem+json"]
