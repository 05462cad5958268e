"""Atom (RFC 4287), in pages (RFC 5005, section 3), with GeoRSS (OGC 17-002r1) for places."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from civic_push.feeds.entries import Feed, FeedEntry

MEDIA_TYPE = "application/atom+xml"

_ATOM = "http://www.w3.org/2005/Atom"
_GEORSS = "http://www.georss.org/georss"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)  # of a feed that has no entry yet
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

register_namespace("", _ATOM)
register_namespace("georss", _GEORSS)


def write(feed: Feed) -> bytes:
    """The feed as an Atom document, UTF-8."""
    root = Element(f"{{{_ATOM}}}feed", {_LANGUAGE: feed.language})
    _add(root, "id", feed.first_url)
    _add(root, "title", feed.title)
    _add(root, "updated", _time(feed.updated_at or _BEGINNING))
    for rel, url in (("self", feed.self_url), ("alternate", feed.home_url),
                     ("first", feed.first_url), ("previous", feed.newer_url),
                     ("next", feed.older_url)):
        if url:
            media = "text/html" if rel == "alternate" else MEDIA_TYPE
            _add(root, "link", rel=rel, type=media, href=url)
    author = _add(root, "author")
    _add(author, "name", feed.author)
    _add(root, "icon", feed.icon_url)
    _add(root, "generator", "Civic Push")
    for entry in feed.entries:
        _add_entry(root, entry, feed.host)
    body: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def _add_entry(root: Element, entry: FeedEntry, host: str) -> None:
    node = _add(root, "entry")
    node.set(_LANGUAGE, entry.language)
    _add(node, "id", f"tag:{host},2026:meldung-{entry.key}")  # RFC 4151
    _add(node, "title", entry.title)
    _add(node, "link", rel="alternate", type="text/html", href=entry.url)
    if entry.link:
        _add(node, "link", rel="via", href=entry.link, title=entry.source_name or entry.link)
    if entry.image:  # readers show what stands in the content; this is for lists of pictures
        _add(node, "link", rel="enclosure", type=entry.image.media_type, href=entry.image.url,
             title=entry.image.alt)
    _add(node, "published", _time(entry.published_at))
    _add(node, "updated", _time(entry.updated_at))
    for scheme, labels in (("thema", entry.topics), ("ortsteil", entry.places)):
        for slug, label in labels:
            _add(node, "category", scheme=f"tag:{host},2026:{scheme}", term=slug, label=label)
    if entry.summary:
        _add(node, "summary", entry.summary)
    if entry.html:
        _add(node, "content", entry.html, type="html")
    if entry.point:
        SubElement(node, f"{{{_GEORSS}}}point").text = " ".join(map(str, entry.point))


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    """A child element; what XML 1.0 cannot hold is left out."""
    node = SubElement(parent, f"{{{_ATOM}}}{name}",
                      {key: _NOT_XML.sub("", value) for key, value in attributes.items()})
    if text:
        node.text = _NOT_XML.sub("", text)
    return node


def _time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
