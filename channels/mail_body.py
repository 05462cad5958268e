"""What a mail says: the plain text, and the same as accessible HTML.

The HTML is one column, names its language and direction, sets no colours (so that light and
dark, and the reader's own choice, hold), loads nothing from anywhere, and is readable when
a webmailer throws head and style away: styles are inline.
"""

from __future__ import annotations

from enum import IntEnum
from html import escape

from channels.base import Message


class Hole(IntEnum):
    """What is personal, in the order in which `Template.fill` lists the values."""

    ADDRESS = 0
    DATE = 1
    ID = 2
    LEAVE_HEADER = 3
    LEAVE = 4
    MANAGE = 5
    LEAVE_HTML = 6
    MANAGE_HTML = 7


Pieces = list[str | Hole]
"""Text with holes. The line before a hole is short (at most 60 ASCII characters)."""

_BODY = "margin:0;padding:0"
_COLUMN = ("max-width:38em;margin:0 auto;padding:1em;font:1em/1.5 system-ui,-apple-system,"
           "'Segoe UI',Arial,sans-serif;overflow-wrap:break-word")
_HEADING = "margin:0.5em 0;font-size:1.5em;line-height:1.25"
_ACTION = ("display:inline-block;padding:0.75em 1.25em;border:2px solid currentColor;"
           "border-radius:4px;font-weight:bold")
_FOOTER = "margin-top:2em;padding-top:1em;border-top:1px solid currentColor"
_LIST = "margin:0;padding:0;list-style:none"
_LINK = "display:inline-block;padding:0.25em 0"


def plain_text(message: Message, leave: bool, manage: bool) -> Pieces:
    """The text/plain part."""
    parts = [message.title, message.text]
    if message.action_label:
        parts.append(f"{message.action_label}:\n{message.url}")
    pieces: Pieces = ["\n\n".join(filter(None, parts)) + "\n\n-- \n"]
    for words in (message.why, message.sender):
        if words:
            pieces.append(f"{words}\n\n")
    if leave:
        pieces += [f"{message.leave_label}:\n", Hole.LEAVE, "\n"]
    if manage:
        pieces += [f"{message.manage_label}:\n", Hole.MANAGE, "\n"]
    pieces += [f"{label}:\n{url}\n" for label, url in _notices(message)]
    return pieces


def html_page(message: Message, leave: bool, manage: bool) -> Pieces:
    """The text/html part."""
    title, language = escape(message.title), escape(message.language)
    direction = "rtl" if message.direction == "rtl" else "ltr"
    where = f'lang="{language}" dir="{direction}"'
    pieces: Pieces = [
        f'<!doctype html>\n<html {where}>\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<title>{title}</title>\n</head>\n<body style="{_BODY}">\n'
        f'<div {where} role="article" aria-roledescription="email" style="{_COLUMN}">\n'
        f'{_paragraph(message.sender)}<h1 style="{_HEADING}">{title}</h1>\n'
        f'{message.html}\n{_action(message)}<div style="{_FOOTER}">\n'
        f'{_paragraph(message.why)}<ul style="{_LIST}">\n']
    if leave:
        pieces += _personal(message.leave_label, Hole.LEAVE_HTML)
    if manage:
        pieces += _personal(message.manage_label, Hole.MANAGE_HTML)
    pieces += [f'<li><a style="{_LINK}" href="{escape(url)}">{escape(label)}</a></li>\n'
               for label, url in _notices(message)]
    return [*pieces, "</ul>\n</div>\n</div>\n</body>\n</html>\n"]


def _paragraph(words: str) -> str:
    return f"<p>{escape(words)}</p>\n" if words else ""


def _action(message: Message) -> str:
    if not message.action_label:
        return ""
    return (f'<p><a style="{_ACTION}" href="{escape(message.url)}">'
            f"{escape(message.action_label)}</a></p>\n")


def _personal(label: str, hole: Hole) -> Pieces:
    return [f'<li><a style="{_LINK}"\nhref="', hole, f'">{escape(label)}</a></li>\n']


def _notices(message: Message) -> list[tuple[str, str]]:
    pairs = [(message.imprint_label, message.imprint_url),
             (message.privacy_label, message.privacy_url)]
    return [(label, url) for label, url in pairs if label and url]
