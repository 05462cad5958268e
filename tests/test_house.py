"""The house itself: who knows whom, how long things may grow, what must be written down."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, BaseConverter, IntegerConverter, Rule

import channels
from civic_push.announcements.approval import Refusal
from civic_push.cli import main
from civic_push.config import PREFIX, Settings
from content_sources import PARSERS
from scripts import lock as lock_files
from scripts import settings_table

ROOT = Path(__file__).parents[1]
ROOMS = ("channels", "subscriptions", "content_sources")
OURS = {*ROOMS, "civic_push", "worker", "wsgi"}
FRAMEWORKS = {"flask", "rq", "redis", "flask_sqlalchemy"}
MODULES = [
    *sorted(path for top in (*ROOMS, "civic_push") for path in (ROOT / top).rglob("*.py")
            if "versions" not in path.parts),
    ROOT / "worker.py", ROOT / "wsgi.py"]

# Every page that may be opened without signing in. A new one must be put here by hand,
# so that nothing becomes public by oversight.
OPEN = {
    "static", "language.switch", "public.start", "public.announcements", "public.announcement",
    "public.imprint", "public.privacy", "public.accessibility", "public.health",
    "monitoring.alive", "monitoring.ready",
    "monitoring.numbers",  # to this machine, or who has the token
    "feeds.overview", "feeds.feed", "embed.overview", "embed.announcements",
    "prints.overview", "prints.sign_up_poster", "prints.sheet", "prints.this_week",
    "short_links.follow", "pictures.show", "places.index", "places.landing",
    "push.key", "inbox.show", "inbox.offline", "inbox.manifest", "inbox.service_worker"}
ASKING = {  # anybody may ask; what follows goes to the inbox itself, or to the desk
    "feedback.form", "feedback.submit",
    "signup.form", "signup.submit", "signup.done", "signup.count", "signup.find_places",
    "preferences.ask", "preferences.send_link",
    "confirming.code_form", "confirming.confirm_code", "confirming.new_code",
    "push.start", "push.stop", "push.switch", "push.preferences", "push.test"}
SIGNED = {  # the link itself is the proof
    "confirming.by_link", "confirming.confirm_link", "leaving.ask", "leaving.end",
    "leaving.explain", "preferences.open_link", "preferences.show", "preferences.save",
    "preferences.extend", "preferences.close", "preferences.pause", "own_contacts.add",
    "own_contacts.verify", "own_contacts.replacing", "own_contacts.replace",
    "own_contacts.remove", "own_history.show", "own_data.data", "own_data.copy",
    "own_data.erase"}
PROGRAMS = {  # what programs may read without a token
    "api_document.read", "api_document.openapi", "api.list_announcements",
    "api.read_announcement", "api.list_topics", "api.list_neighbourhoods"}
MACHINES = {"sms_inbound.hear", "telegram.webhook"}  # proves itself by a secret header
DOOR = {  # the desk's own: to those who have not signed in yet
    "security.login", "door.second_step", "door.check_second_step", "door.by_passkey",
    "door.recover", "door.check_recovery", "door.invitation", "door.accept",
    "door.to_provider", "door.from_provider"}
PUBLIC = DOOR | OPEN | ASKING | SIGNED | MACHINES | PROGRAMS


def imported(path: Path) -> set[str]:
    """The top-level packages a module imports, in functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            names.add((node.module or "").partition(".")[0])
    return names


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Every function's name and how many lines it has."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def tracked() -> list[Path]:
    """All files under version control."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in done.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_knows_neither_the_house_nor_the_other_rooms(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert imported(path).isdisjoint((OURS | FRAMEWORKS) - {room}), path


def test_the_contracts_on_imports_hold() -> None:
    done = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-logo",
                           "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_house_s_front_door_is_a_map_not_code() -> None:
    body = ast.parse((ROOT / "civic_push" / "__init__.py").read_text(encoding="utf-8")).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


@pytest.mark.parametrize("package", [path.parent for path in MODULES
                                     if path.name == "__init__.py"], ids=lambda p: p.name)
def test_each_package_s_docstring_says_what_its_modules_are_for(package: Path) -> None:
    said = ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))
    entries = (line.partition("  ")[0] for line in (said or "").splitlines() if "  " in line)
    named = {name for entry in entries for name in entry.split(", ")}
    inside = {path.stem for path in package.iterdir() if path.suffix == ".py" or (
        path.is_dir() and any(path.glob("*.py")))} - {"__init__"}
    assert named == inside


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_module_and_no_function_outgrows_its_reader(path: Path) -> None:
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= 250
    assert [(name, lines) for name, lines in functions(path) if lines > 45] == []


def test_the_readme_names_every_setting_with_its_default() -> None:
    readme = settings_table.README.read_text(encoding="utf-8")
    assert readme == settings_table.filled(readme), "run .venv/bin/python scripts/settings_table.py"
    for setting in fields(Settings):
        assert f"`{PREFIX}{setting.name.upper()}`" in readme


def test_the_example_settings_file_is_today_s() -> None:
    written = settings_table.EXAMPLE.read_text(encoding="utf-8")
    assert written == settings_table.example(), "run .venv/bin/python scripts/settings_table.py"


def test_every_channel_and_every_kind_of_source_is_documented() -> None:
    text = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    assert [name for name in (*channels.KINDS, *PARSERS) if f"`{name}`" not in text] == []


def test_the_api_s_document_names_each_kind_of_problem() -> None:
    said = {str(refusal).replace("_", "-") for refusal in Refusal}
    for path in (ROOT / "civic_push" / "web" / "api").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("Problem"), args=[_, ast.Constant(str(code)), *_]):
                    said.add(code)
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    _, _, named = text.partition("Go by `status`")[2].partition("words:")
    codes = set(re.findall(r"`([a-z-]+)`", named.partition("and `http-…`")[0]))
    assert codes == {code for code in said if not code.startswith("http-")} | {"invalid"}


def test_documents_link_to_files_that_exist() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_page_is_public_on_purpose_or_asks_for_sign_in(app: Flask) -> None:
    client = app.test_client()
    unguarded = set()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = client.open(_address(app, rule), method=method)
            if not _turned_away(answer.status_code, answer.headers.get("Location", "")):
                unguarded.add(f"{method} {rule.endpoint}")
    assert unguarded == set()


def _turned_away(status: int, location: str) -> bool:
    return status in (401, 403) or (status == 302 and "/redaktion/anmelden" in location)


def _address(app: Flask, rule: Rule) -> str:
    values = {name: _sample(kind) for name, kind in rule._converters.items()}
    return app.url_map.bind("localhost").build(rule.endpoint, values, append_unknown=False)


def _sample(kind: BaseConverter) -> str | int:
    """A value that fits this part of an address."""
    if isinstance(kind, AnyConverter):
        return sorted(kind.items)[0]
    return 1 if isinstance(kind, IntegerConverter) else "x"


def test_every_public_page_exists(app: Flask) -> None:
    assert {r.endpoint for r in app.url_map.iter_rules()} >= PUBLIC


def test_nothing_of_the_desk_is_public_but_its_door(app: Flask) -> None:
    of_desk = {r.endpoint for r in app.url_map.iter_rules() if r.rule.startswith("/redaktion")}
    assert of_desk & PUBLIC == DOOR


def test_each_module_of_the_desk_with_pages_is_imported_for_them() -> None:
    folder = ROOT / "civic_push" / "web" / "desk"
    joined = ast.walk(ast.parse((folder / "joined.py").read_text(encoding="utf-8")))
    imported_there = {f"{node.module}.{alias.name}" for node in joined
                      if isinstance(node, ast.ImportFrom) for alias in node.names}
    with_pages = {".".join(path.relative_to(ROOT).with_suffix("").parts)
                  for path in folder.rglob("*.py")
                  if re.search(r"^@(?:desk|door)\.(?:get|post|route)\(",
                               path.read_text(encoding="utf-8"), re.M)}
    assert len(with_pages) > 30
    assert with_pages - imported_there == set()


def test_signed_links_and_machines_are_turned_away_without_their_proof(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        if rule.endpoint in SIGNED | MACHINES:
            for method in {"GET", "POST"} & (rule.methods or set()):
                answer = client.open(_address(app, rule), method=method)
                assert 400 <= answer.status_code < 500, (method, rule.endpoint)


def test_demo_pages_do_not_exist_outside_the_demo(make_app: Callable[..., Flask]) -> None:
    rules = {r.rule for r in make_app(demo=False).url_map.iter_rules()}
    assert not [rule for rule in rules if rule.startswith("/demo")]


def test_lock_files_pin_all_that_is_asked_for_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for lock, extras in lock_files.LOCKS.items():
        text = (ROOT / lock).read_text(encoding="utf-8")
        pinned = dict(re.findall(r"^([a-z0-9.-]+)==\S+ \\\n    (--hash=sha256:)", text, re.M))
        assert "setuptools" in pinned, lock
        asked = [*project["dependencies"],
                 *(line for extra in extras for line in project["optional-dependencies"][extra])]
        for line in asked:
            name = re.split(r"[\[<>=~! ;]", line)[0].lower().replace("_", "-")
            assert name in pinned or name == "civic-push", f"{lock} lacks {name}: `make lock`"


def test_documents_name_only_make_targets_and_commands_that_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = page.read_text(encoding="utf-8")
        assert set(re.findall(r"(?:`|^ +)make ([a-z]+)", text, re.M)) <= targets, page.name
        commands = set(re.findall(r"(?:`|^ +|bin/)civic-push ([a-z-]+)", text, re.M))
        assert commands <= set(main.commands), page.name


def test_no_file_holds_the_address_of_a_package_index() -> None:
    indexes = re.compile(r"--(?:extra-)?index-url|--find-links|registry=http|"
                         r"\"resolved\":|pypi\.org/simple|file:///\S+simple|registry\.npmjs")
    mine = Path(__file__)
    for path in tracked():
        if path == mine or path.suffix in {".png", ".woff2", ".ico", ".pdf", ".gz"}:
            continue
        if path.exists():
            found = indexes.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{path.relative_to(ROOT)}: {found and found.group()}"


def test_no_secret_lies_in_the_repository() -> None:
    for path in tracked():
        if path.exists() and "tests" not in path.parts:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert "-----BEGIN PRIVATE KEY-----" not in text, path


def test_tests_have_no_package_files_that_would_shadow_the_rooms() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []
