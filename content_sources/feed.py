"""Feeds: RSS 0.9x to 2.0, Atom, RDF (RSS 1.0) and JSON Feed 1.1."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from content_sources import addresses
from content_sources.entry import Entry, Unreadable
from content_sources.text import decode, line, plain, tidy
from content_sources.times import moment

MAX_ENTRIES = 500  # the newest ones; no feed of a town is longer
_MOST_TAGS, _MOST_MARKUP, _MOST_CATEGORIES = 100_000, 400_000, 5_000  # see _bounded
_TITLE = 300
_SUMMARY = 4000
# Roots, prefixes allowed: <rdf:RDF>, <atom:feed>
_ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|RDF|channel)[\s>/]", re.IGNORECASE)
_HTML = re.compile(r"\s*(?:<!--.*?-->\s*)*<(?:!doctype html|html|head|body)\b",
                   re.IGNORECASE | re.DOTALL)
_LONG_TAG = re.compile(r"<[^!<>][^<>]{50000}")
_CATEGORY = re.compile(r"<(?:[\w.-]+:)?(?:category|subject)\b", re.IGNORECASE)
# Comma-separated lists become categories too (see _bounded); we have no use for these
_KEYWORDS = re.compile(r"(</?(?:[\w.-]+:)?)(keywords|tags)\b", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
# Begin and end of what an entry tells about, in the namespaces met so far (feedparser puts
# the prefix first): ext: of the transit feeds, ev: (RSS 1.0 events), xCal
_STARTS = ("starts_at", "startdate", "dtstart")
_ENDS = ("ends_at", "enddate", "dtend")


class NotAFeed(Unreadable):
    """The body is no feed: "empty", "html", "cut-off", "entities",
    "too-large" or "no-feed"."""


def parse(body: bytes, url: str) -> list[Entry]:
    """Read a feed found at `url`; raises NotAFeed and nothing else.

    Entries keep the feed's order (newest first, mostly). One without title, text and link
    is left out; of two with one key the first is kept.
    """
    text = decode(body)
    if not text.strip():
        raise NotAFeed("empty", "the answer is empty")
    raw = _json(text) if text.lstrip()[0] in "{[" else _xml(text)
    repeated = {guid for guid, count in Counter(r["id"] for r in raw).items() if count > 1}
    entries: dict[str, Entry] = {}
    for found in raw:
        entry = _entry(found, url, repeated)
        if entry is not None:
            entries.setdefault(entry.key, entry)
    return list(entries.values())


def _entry(raw: Mapping[str, Any], base: str, repeated: set[str]) -> Entry | None:
    url = _absolute(raw["link"], base)
    summary = raw["summary"]
    title = line(raw["title"], _TITLE) or line(summary, 100) or url
    if not title:
        return None
    return Entry(
        key=_key(raw, repeated), title=title, url=url, summary=summary,
        published_at=raw["published"], updated_at=raw["updated"],
        categories=_words(raw["categories"]), language=_language(raw["language"]),
        starts_at=raw["starts"], ends_at=raw["ends"])


def _key(raw: Mapping[str, Any], repeated: set[str]) -> str:
    """The entry's own id, unless it has none or shares it with others. The link goes in
    as the feed wrote it, so that a feed that moves keeps its keys."""
    parts = [raw["id"]]
    if not raw["id"] or raw["id"] in repeated:
        parts = [raw["id"], raw["link"], raw["title"] or raw["summary"]]
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()


def _absolute(link: str, base: str) -> str:
    try:
        return addresses.read(urljoin(base, link)).url if link else ""
    except ValueError:  # BadAddress is one
        return ""


def _words(categories: Iterable[str]) -> tuple[str, ...]:
    words = (line(str(word), 100) for word in categories)
    return tuple(dict.fromkeys(word for word in words if word))[:20]


def _language(text: str) -> str | None:
    text = text.strip().replace("_", "-")
    return text if len(text) <= 20 and _LANGUAGE.fullmatch(text) else None


# --- RSS, Atom, RDF

def _xml(text: str) -> list[dict[str, Any]]:
    if _HTML.match(text[:5000]):
        raise NotAFeed("html", "the address leads to a web page, not to a feed")
    root = _ROOT.search(text)
    if root is None:
        raise NotAFeed("no-feed", "the answer is no feed")
    _bounded(text)
    if "<!ENTITY" in text:  # no feed needs its own; attacks do (billion laughs, XXE)
        raise NotAFeed("entities", "the answer defines XML entities, which feeds have no need of")
    if not re.search(rf"</(?:[\w.-]+:)?{root[1]}\s*>|<(?:[\w.-]+:)?{root[1]}\b[^<>]*/>\s*$",
                     text[-5000:], re.IGNORECASE):
        raise NotAFeed("cut-off", "the feed breaks off before its end")
    try:
        # given as UTF-8 in so many words, so that no declaration within is believed
        found = feedparser.parse(
            _KEYWORDS.sub(r"\1ignored_\2", text).encode("utf-8"),
            sanitize_html=False, resolve_relative_uris=False,
            response_headers={"content-type": "application/xml; charset=utf-8"})
    except Exception as error:  # feedparser slips on hostile bytes in many ways
        raise NotAFeed("no-feed", "the feed cannot be understood") from error
    if not found.version and not found.entries:
        raise NotAFeed("no-feed", "the answer is no feed")
    language = str(found.feed.get("language", ""))
    return [_from_xml(entry, language) for entry in found.entries[:MAX_ENTRIES]]


def _bounded(text: str) -> None:
    """Refuse what is mostly markup: feedparser takes a microsecond for a letter, but up to
    30 for a tag, and keeps up to a kilobyte for it; and its time grows with the square
    of an entry's categories. Real feeds of 5 MB stay far below."""
    tags = text.count("<")
    if (tags > _MOST_TAGS or tags + text.count("&") + text.count("=") > _MOST_MARKUP
            or len(_CATEGORY.findall(text)) > _MOST_CATEGORIES or _LONG_TAG.search(text)):
        raise NotAFeed("too-large", "the feed is too large")


def _from_xml(entry: Any, language: str) -> dict[str, Any]:
    # dict.get, because feedparser's own get() answers "published" when asked for "updated"
    def get(name: str) -> str:
        value = dict.get(entry, name)
        return value if isinstance(value, str) else ""

    tags = dict.get(entry, "tags") or ()
    return {
        "id": get("id").strip(), "link": get("link").strip(), "title": _detail(entry, "title"),
        "summary": _detail(entry, "summary") or _content(entry),
        "published": moment(get("published")), "updated": moment(get("updated")),
        "categories": [tag.get("label") or tag.get("term") or "" for tag in tags],
        "language": get("language") or language,
        "starts": _ending_in(entry, _STARTS), "ends": _ending_in(entry, _ENDS)}


def _detail(entry: Any, name: str) -> str:
    detail = dict.get(entry, f"{name}_detail") or {}
    return _readable(str(detail.get("value") or ""), str(detail.get("type") or ""))


def _content(entry: Any) -> str:
    for part in dict.get(entry, "content") or ():
        if text := _readable(str(part.get("value") or ""), str(part.get("type") or "")):
            return text
    return ""


def _readable(value: str, kind: str) -> str:
    # Plain texts with entities in them were escaped twice, and so mean HTML
    if "html" in kind or re.search(r"&(?:#\d+|#x[0-9a-f]+|[a-z]+);", value, re.IGNORECASE):
        return plain(value, _SUMMARY)
    return tidy(value, _SUMMARY)


def _ending_in(entry: Any, names: tuple[str, ...]) -> datetime | None:
    for key, value in entry.items():
        if isinstance(value, str) and key.removeprefix(key.split("_")[0] + "_") in names:
            return moment(value)
    return None


# --- JSON Feed 1.1 (jsonfeed.org)

def _json(text: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAFeed("no-feed", "the answer is JSON, but damaged") from error
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list) or "jsonfeed.org" not in str(found.get("version")):
        raise NotAFeed("no-feed", "the answer is JSON, but no JSON Feed")
    language = _string(found, "language")
    return [_from_json(item, language) for item in items[:MAX_ENTRIES] if isinstance(item, dict)]


def _from_json(item: Mapping[str, Any], language: str) -> dict[str, Any]:
    text = _string(item, "summary") or _string(item, "content_text")
    tags = item.get("tags")
    return {
        "id": _string(item, "id"), "link": _string(item, "url") or _string(item, "external_url"),
        "title": _string(item, "title"),
        "summary": tidy(text, _SUMMARY) or plain(_string(item, "content_html"), _SUMMARY),
        "published": moment(_string(item, "date_published")),
        "updated": moment(_string(item, "date_modified")),
        "categories": tags if isinstance(tags, list) else (),
        "language": _string(item, "language") or language,
        "starts": None, "ends": None}


def _string(item: Mapping[str, Any], name: str) -> str:
    """A member as text; ids are numbers in some feeds."""
    value = item.get(name)
    return str(value).strip() if isinstance(value, str | int | float) else ""
