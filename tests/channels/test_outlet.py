"""Outlets, through Apprise's own plugins against servers that speak their services' APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web

from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome
from channels.outlet import Outlets, wants
from tests.stand_ins.providers import answering, closed_port, serving

MESSAGE = Message(
    key="a1", title="Sperrung <B 239>", text="Ab Montag.\n\n" + "Bitte umfahren. " * 60,
    html="<p>Ab <strong>Montag</strong>.</p>", short="Die B 239 ist ab Montag gesperrt.",
    url="https://push.detmold.de/a/1", language="de", action_label="Alles lesen")


class Place:
    """A web server that takes what is posted, as a webhook or as one of the services that
    `answers` knows (path, or "*" for any: JSON)."""

    def __init__(self, answers: dict[str, Any] | None = None, status: int = 200,
                 headers: dict[str, str] | None = None) -> None:
        self.answers = answers or {}
        self.status, self.headers = status, headers or {}
        self.got: list[tuple[str, dict[str, str], Any]] = []

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/{path:.*}", self._take)

    async def _take(self, request: web.Request) -> web.Response:
        text = await request.text()
        data = json.loads(text) if text.startswith("{") else dict(await request.post())
        self.got.append((request.path, dict(request.headers), data))
        answer = self.answers.get(request.path, self.answers.get("*", {}))
        return web.json_response(answer, status=self.status, headers=self.headers)


@pytest.fixture
def place() -> Iterator[tuple[Place, int]]:
    server = Place()
    with serving(server) as running:
        yield server, running.http_port


def outlets(url: str, **filters: Any) -> Outlets:
    return Outlets([{"name": "Ort", "url": url, **filters}])


def one(channel: Outlets, message: Message = MESSAGE, address: str = "Ort") -> Outcome:
    try:
        done = list(channel.send([Envelope(3, address, message)]))
    finally:
        channel.close()
    assert [number for number, _ in done] == [3]
    return done[0][1]


def test_a_webhook_gets_title_text_and_link(place: tuple[Place, int]) -> None:
    server, port = place
    assert one(outlets(f"json://127.0.0.1:{port}/hook")).kind == Kind.SENT
    (path, _, data), = server.got
    assert path == "/hook"
    assert data["title"] == "Sperrung <B 239>"
    assert data["message"].startswith("Ab Montag.\n\nBitte umfahren.")
    assert data["message"].endswith("\n\nhttps://push.detmold.de/a/1")


def test_a_webhook_that_wants_html_gets_html(place: tuple[Place, int]) -> None:
    server, port = place
    assert one(outlets(f"json://127.0.0.1:{port}/?format=html")).kind == Kind.SENT
    assert server.got[0][2]["message"] == (
        "<p>Ab <strong>Montag</strong>.</p>"
        '<p><a href="https://push.detmold.de/a/1">Alles lesen</a></p>')


def test_mastodon_gets_a_toot_within_its_limit() -> None:
    server = Place({"/api/v1/statuses": {"id": "109", "visibility": "public"}})
    with serving(server) as running:
        outcome = one(outlets(f"mastodon://zugang@127.0.0.1:{running.http_port}"))
    assert (outcome.kind, outcome.receipt) == (Kind.SENT, "109")
    path, headers, data = server.got[-1]
    assert path == "/api/v1/statuses"
    assert headers["Authorization"] == "Bearer zugang"
    assert "Sperrung <B 239>" in data["status"]
    assert "Die B 239 ist ab Montag gesperrt." in data["status"]
    assert data["status"].endswith("https://push.detmold.de/a/1")
    assert len(data["status"]) <= 500


def test_a_long_short_text_is_cut_and_the_link_stays_whole() -> None:
    server = Place({"/api/v1/statuses": {"id": "1"}})
    message = Message("k", "Titel", "", "", "Wort " * 400, MESSAGE.url, "de")
    with serving(server) as running:
        assert one(outlets(f"mastodon://z@127.0.0.1:{running.http_port}"),
                   message).kind == Kind.SENT
    status = server.got[-1][2]["status"]
    assert status.endswith("Wort…\n\nhttps://push.detmold.de/a/1")
    assert 480 < len(status) <= 500


def test_a_matrix_room_is_joined_once_and_written_to_twice() -> None:
    class Matrix(Place):
        async def _take(self, request: web.Request) -> web.Response:
            text = await request.text()
            self.got.append((request.path, {}, json.loads(text) if text else {}))
            if request.path.endswith("/login"):
                return web.json_response({"user_id": "@stadt:localhost", "home_server": "localhost",
                                          "access_token": "geheim", "device_id": "x"})
            if "/send/" in request.path:
                return web.json_response({"event_id": f"$ereignis{len(self.got)}"})
            if "/join/" in request.path:
                return web.json_response({"room_id": "!raum:localhost"})
            return web.json_response({"joined_rooms": ["!raum:localhost"]})

    server = Matrix()
    with serving(server) as running:
        channel = outlets(f"matrix://stadt:wort@127.0.0.1:{running.http_port}/!raum:localhost"
                          "?e2ee=no")
        done = [outcome.kind for number in (1, 2)
                for _, outcome in channel.send([Envelope(number, "Ort", MESSAGE)])]
        channel.close()
    assert done == [Kind.SENT, Kind.SENT]
    paths = [path for path, _, _ in server.got]
    assert sum(path.endswith("/login") for path in paths) == 1
    written = [data for path, _, data in server.got if "/send/" in path]
    assert len(written) == 2
    assert all("https://push.detmold.de/a/1" in data["body"] for data in written)


@pytest.mark.parametrize(("status", "kind", "after"), [
    (429, Kind.LATER, 60.0), (500, Kind.LATER, 60.0), (401, Kind.LATER, 60.0),
    (410, Kind.LATER, 60.0), (400, Kind.REFUSED, None)])
def test_what_a_service_answers_becomes_an_outcome_that_stops_no_other_outlet(
        status: int, kind: Kind, after: float | None) -> None:
    with serving(Place(status=status, headers={"Retry-After": "60"})) as running:
        outcome = one(outlets(f"json://127.0.0.1:{running.http_port}"))
    assert (outcome.kind, outcome.after, outcome.whole) == (kind, after, False)


def test_nobody_listening_means_later() -> None:
    assert one(outlets(f"json://127.0.0.1:{closed_port()}")).kind == Kind.LATER


def test_a_time_out_after_handing_over_is_unknown() -> None:
    with answering(None) as port:
        assert one(outlets(f"json://127.0.0.1:{port}?rto=0.4")).kind == Kind.UNKNOWN


def test_a_garbage_answer_is_unknown() -> None:
    with answering(b"\x00\x01\x02") as port:
        assert one(outlets(f"json://127.0.0.1:{port}")).kind == Kind.UNKNOWN


def test_a_plugin_that_stumbles_over_an_answer_stops_nothing() -> None:
    with serving(Place({"*": [1]})) as running:
        outcome = one(outlets(f"emby://stadt:wort@127.0.0.1:{running.http_port}"))
    assert outcome.kind == Kind.UNKNOWN
    assert "AttributeError" in outcome.detail


def test_a_service_that_does_not_speak_http_is_not_repeated_when_it_fails() -> None:
    assert one(outlets("mailto://127.0.0.1:1?from=a@b.example&to=c@d.example")).kind in (
        Kind.UNKNOWN, Kind.REFUSED)


def test_outlets_that_left_the_settings_or_never_worked_are_given_up() -> None:
    assert one(outlets("json://127.0.0.1"), address="Alt").kind == Kind.GONE
    assert one(outlets("quatsch://127.0.0.1")).kind == Kind.REFUSED


@pytest.mark.parametrize(("topics", "places", "about", "where", "wanted"), [
    ([], [], ["baustellen"], [], True),
    ([], [], [], ["hiddesen"], True),
    (["baustellen"], [], ["baustellen", "verkehr"], [], True),
    (["baustellen"], [], ["kultur"], [], False),
    (["baustellen"], [], [], [], False),
    ([], ["hiddesen"], ["kultur"], ["hiddesen", "pivitsheide"], True),
    ([], ["hiddesen"], ["kultur"], ["pivitsheide"], False),
    ([], ["hiddesen"], ["kultur"], [], True),  # the whole town includes Hiddesen
    (["kultur"], ["hiddesen"], ["kultur"], ["pivitsheide"], False),
])
def test_an_outlet_gets_what_its_filters_let_through(
        topics: list[str], places: list[str], about: list[str], where: list[str],
        wanted: bool) -> None:
    outlet = {"name": "Ort", "url": "json://x", "topics": topics, "neighbourhoods": places}
    assert wants(outlet, about, where) is wanted


def test_an_outlets_address_is_its_name() -> None:
    channel = outlets("json://127.0.0.1")
    assert channel.names == ["Ort"]
    assert channel.clean("Ort") == "Ort"
    with pytest.raises(InvalidAddress) as caught:
        channel.clean("json://169.254.169.254/")
    assert caught.value.code == "outlet_unknown"


def test_the_channel_exists_only_with_outlets() -> None:
    assert Outlets.from_config({"outlets": ()}) is None
    assert Outlets.from_config({"outlets": ({"name": "a", "url": "json://x"},)}) is not None


def test_the_check_names_the_outlet_that_is_wrong(place: tuple[Place, int]) -> None:
    _, port = place
    assert outlets(f"json://127.0.0.1:{port}").check() is None
    assert "Outlet Ort" in (outlets(f"json://127.0.0.1:{closed_port()}").check() or "")
    assert "outlet Ort" in (outlets("quatsch://x").check() or "")
