"""Ways in: fetch is the one door to the network; one file a kind of source.

addresses  which addresses may be fetched
fetch      get a body over HTTP, politely and safely
headers    what an answer's headers mean
entry      what every reader gives back
text       HTML to plain text, bytes to text
times      the dates feeds really contain
feed       RSS, Atom, RDF and JSON Feed

A kind of source is one pure function from bytes to entries, and one line in PARSERS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from content_sources import feed
from content_sources.entry import Entry

Parser = Callable[[bytes, str], list[Entry]]
"""Reads the body fetched from a URL; raises entry.Unreadable and nothing else."""

PARSERS: Mapping[str, Parser] = {"feed": feed.parse}
