"""A feed on a web server, growing item by item."""

from __future__ import annotations

import hashlib
from pathlib import Path

from aiohttp import web

SAMPLE = Path(__file__).parents[1] / "content_sources" / "data" / "wien_oepnv.rss"

_ITEM = """
  <item>
    <title>{title}</title>
    <link>{link}</link>
    <guid isPermaLink="false">{key}</guid>
    <description>{text}</description>
  </item>
"""


class FeedServer:
    """Serves a real, saved feed at /feed.rss with an ETag, and what is added to it."""

    def __init__(self) -> None:
        self.body = SAMPLE.read_bytes()
        self.port = 0
        self.asked = 0  # requests so far, answered with 200 or 304

    def clear(self) -> None:
        """Forget what was added."""
        self.body = SAMPLE.read_bytes()

    @property
    def url(self) -> str:
        """The feed's address."""
        return f"http://127.0.0.1:{self.port}/feed.rss"

    def add(self, title: str, text: str, link: str) -> None:
        """Publish one more item, before the others."""
        key = hashlib.sha256(title.encode()).hexdigest()
        item = _ITEM.format(title=title, link=link, key=key, text=text).encode()
        before, mark, after = self.body.partition(b"<item>")
        self.body = before + item.strip() + b"\n" + mark + after

    def add_routes(self, app: web.Application) -> None:
        """Serve the feed."""
        app.router.add_get("/feed.rss", self._answer)

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        etag = f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers={"ETag": etag})
        return web.Response(body=self.body, headers={"ETag": etag},
                            content_type="application/rss+xml")
