"""Outlets: public places of the town (Mastodon, Matrix, a Telegram channel, webhooks),
posted to once per announcement through Apprise.

An outlet's address is its name in the settings; its URL with its secrets stays here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from html import escape
from typing import Any, Self

from apprise import NotifyFormat

from channels import relay
from channels.base import Envelope, InvalidAddress, Kind, Message, Outcome

_BRIEF = 1000  # characters: places that take less get the short text


class Outlets:
    """All outlets of the town."""

    name = "outlet"
    batch_size = 1
    per_second = 0.0
    repeatable = False
    personal_links = False

    def __init__(self, outlets: Sequence[Mapping[str, Any]]) -> None:
        self._outlets = {str(outlet["name"]): outlet for outlet in outlets}
        self._plugins: dict[str, Any] = {}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self | None:
        """Build the channel where the town has outlets."""
        return cls(config["outlets"]) if config.get("outlets") else None

    @property
    def names(self) -> list[str]:
        """All outlets, in the order of the settings."""
        return list(self._outlets)

    def clean(self, address: str) -> str:
        """An outlet's name. Raises InvalidAddress("outlet_unknown")."""
        if address not in self._outlets:
            raise InvalidAddress("outlet_unknown", "no outlet of this name is set up")
        return address

    def send(self, envelopes: Sequence[Envelope]) -> Iterator[tuple[int, Outcome]]:
        """Post to one outlet after the other; see Channel.send."""
        for envelope in envelopes:
            yield envelope.id, self._post(envelope)

    def check(self) -> str | None:
        """Try whether Apprise takes every URL and own hosts can be reached."""
        for name in self._outlets:
            try:
                wrong = relay.reachable(self._plugin(name))
            except relay.BadService:
                return f"The URL of the outlet {name} is none that Apprise understands."
            if wrong:
                return f"Outlet {name}: {wrong}"
        return None

    def close(self) -> None:
        """Close connections."""
        self._plugins.clear()
        relay.close()

    def written(self, name: str, message: Message) -> tuple[str, str, NotifyFormat]:
        """Title, text and its format as one outlet would get them, for looking at them
        beforehand. Raises relay.BadService where its URL is none that Apprise understands."""
        return compose(self._plugin(name), message)

    def _post(self, envelope: Envelope) -> Outcome:
        if envelope.address not in self._outlets:
            return Outcome(Kind.GONE, "no outlet of this name is set up any more")
        try:
            plugin = self._plugin(envelope.address)
        except relay.BadService:
            return Outcome(Kind.REFUSED, "the outlet's URL is none that Apprise understands")
        title, text, form = compose(plugin, envelope.message)
        # One broken outlet says nothing about the others, so the channel never pauses.
        outcome = relay.hand_over(plugin, text, title, form)
        return Outcome(outcome.kind, outcome.detail, outcome.receipt, outcome.after)

    def _plugin(self, name: str) -> Any:
        """An outlet's plugin. Kept, since some sign in first (Matrix) and remember that."""
        if name not in self._plugins:
            self._plugins[name] = relay.service(str(self._outlets[name]["url"]))
        return self._plugins[name]


def wants(outlet: Mapping[str, Any], topics: Collection[str],
          neighbourhoods: Collection[str]) -> bool:
    """Whether an outlet gets an announcement with these slugs. No neighbourhoods means
    the whole town, so every outlet's; a filter that is empty lets everything through."""
    about = not outlet.get("topics") or not set(topics).isdisjoint(outlet["topics"])
    here = (not outlet.get("neighbourhoods") or not neighbourhoods
            or not set(neighbourhoods).isdisjoint(outlet["neighbourhoods"]))
    return about and here


def compose(plugin: Any, message: Message) -> tuple[str, str, NotifyFormat]:
    """Title, text and its format as a service wants them; never longer than it takes,
    the link always whole."""
    room = int(plugin.body_maxlen)
    separate = plugin.title_maxlen > 0 and not plugin.overflow_amalgamate_title
    title = _cut(message.title, plugin.title_maxlen if separate else min(250, room // 3))
    room -= 0 if separate else len(title) + 8  # a line break or tags around it
    link = f"\n\n{message.url}" if message.url else ""
    if plugin.resolve_format() != NotifyFormat.TEXT:
        html = message.html + (f'<p><a href="{escape(message.url)}">'
                               f"{escape(message.action_label or message.url)}</a></p>"
                               if message.url else "")
        if len(html) <= room:
            blended = escape(title) if plugin.title_maxlen <= 0 else title
            return blended, html, NotifyFormat.HTML
    text = message.short if room < _BRIEF and message.short else message.text
    return title, _cut(text, room - len(link)) + link, NotifyFormat.TEXT


def _cut(text: str, room: int) -> str:
    """Shorten to `room` characters, between words, with "…"."""
    if len(text) <= room:
        return text
    kept = text[:max(0, room - 1)]
    at = max(kept.rfind(" "), kept.rfind("\n"))
    return (kept[:at] if at > len(kept) // 2 else kept).rstrip(" \n,;:–-") + "…"
