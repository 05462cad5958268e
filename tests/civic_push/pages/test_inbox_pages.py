"""The web app: its manifest, its pages without network, and what the service worker keeps."""

from __future__ import annotations

import json
import re
import struct
from urllib.parse import urlsplit

import pytest


def manifest(resident, language="de"):
    answer = resident.open("/manifest.webmanifest", headers={"Accept-Language": language})
    assert answer.mimetype == "application/manifest+json"
    return answer.get_json(force=True)


def size_of(png: bytes) -> str:
    assert png.startswith(b"\x89PNG")
    return "{}x{}".format(*struct.unpack(">II", png[16:24]))


def test_the_manifest_s_pictures_are_there_in_the_sizes_it_says(resident):
    said = manifest(resident)
    pictures = said["icons"] + said["screenshots"] + [
        icon for shortcut in said["shortcuts"] for icon in shortcut["icons"]]
    for picture in pictures:
        answer = resident.open(picture["src"])
        assert (answer.status_code, size_of(answer.data)) == (200, picture["sizes"])
    assert {icon["purpose"] for icon in said["icons"]} == {"any", "maskable"}
    assert {shot["form_factor"] for shot in said["screenshots"]} == {"narrow", "wide"}


def test_what_the_manifest_opens_is_there_and_within_its_scope(resident):
    said = manifest(resident)
    for path in [said["start_url"], *(shortcut["url"] for shortcut in said["shortcuts"])]:
        assert path.startswith(said["scope"])
        assert resident.open(path).status_code == 200


def test_the_manifest_speaks_the_page_s_language(resident):
    assert manifest(resident)["lang"] == "de"
    assert manifest(resident, "en")["lang"] == "en"


def shell(resident) -> list[str]:
    script = resident.open("/service-worker.js").text
    assert script.startswith('"use strict";\n')  # a directive counts only at the beginning
    return json.loads(re.search(r"^const SHELL = (\[.*\]);$", script, re.MULTILINE)[1])


def test_all_that_pages_without_network_need_is_kept(resident):
    kept = {urlsplit(address).path for address in shell(resident)}
    for page in ("/posteingang", "/offline"):
        needed = re.findall(r'(?:src|rel="stylesheet" href)="([^"]+)"', resident.open(page).text)
        assert needed
        assert {urlsplit(address).path for address in needed} <= kept
    for address in shell(resident):
        assert resident.open(address).status_code == 200  # one failure would keep nothing


def test_a_changed_file_makes_another_service_worker(resident):
    versions = [urlsplit(address).query for address in shell(resident)[2:]]
    assert all(version.startswith("v=") for version in versions)


@pytest.mark.parametrize("path", ["/posteingang", "/offline"])
def test_kept_pages_hold_nothing_personal(resident, other, sign_up, path):
    sign_up(email="anna@example.org")
    answer = resident.open(path)
    assert answer.text == other.open(path).text
    assert "csrf_token" not in answer.text
    assert "no-store" not in answer.headers["Cache-Control"]


def test_the_inbox_is_explained_where_scripts_are_off(resident):
    page = resident.open("/posteingang").text
    assert "<noscript>" in page
    assert 'href="/meldungen"' in page
