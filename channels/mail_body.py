"""What a mail says: the plain text, and the same as accessible HTML.

The HTML is one column, names its languages and directions, comes in light and dark, loads
nothing from anywhere, and is readable when a webmailer throws head and style away: what
matters is inline, and no colour is.
"""

from __future__ import annotations

from enum import IntEnum
from html import escape

from channels.base import Message
from channels.mail_text import body_text, flowed


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
    FOLLOWS = 8


Pieces = list[str | Hole]
"""Text with holes. The line before a hole is short (at most 60 ASCII characters)."""

_BODY = "margin:0;padding:0"
_FONT = "system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
_COLUMN = (f"max-width:38em;margin:0 auto;padding:1em;font:1em/1.5 {_FONT};"
           "overflow-wrap:break-word")
# Einfache Sprache: larger, fewer words on a line, more room between lines, no hyphens but
# those that stand in the text (DIN SPEC 33429)
_PLAIN = (f"max-width:32em;margin:0 auto;padding:1em;font:1.25em/1.75 {_FONT};"
          "overflow-wrap:break-word;-webkit-hyphens:manual;hyphens:manual")
_SENDER = "margin:0 0 1em;font-weight:bold"
_WHY = "margin:0 0 0.75em"
_HEADING = "margin:0.5em 0;font-size:1.5em;line-height:1.25"
_NOTE = "margin:1em 0;padding:0 0 0 0.75em;border-inline-start:4px solid currentColor"
_ACTION = ("display:inline-block;max-width:100%;box-sizing:border-box;padding:0.75em 1.25em;"
           "border:2px solid currentColor;border-radius:4px;font-weight:bold")
_FOOTER = "margin-top:2em;padding-top:1em;border-top:1px solid currentColor"
_LIST = "margin:0;padding:0;list-style:none"
_LINK = "display:inline-block;padding:0.25em 0"
# what lists of mails show beneath the subject; not for the eye in the mail itself
_PREVIEW = "display:none;max-height:0;overflow:hidden;mso-hide:all"
_SCHEMES = "light dark"
# For programs that keep it; nothing is lost with those that throw it away. Letters, ground
# and links are coloured together, so that they stay apart (7:1) where only some rules are
# kept; all lines have the letters' colour.
_STYLE = f""":root{{color-scheme:{_SCHEMES};supported-color-schemes:{_SCHEMES}}}
body,.mail{{background:#fff;color:#171a2b}}
a{{color:#0b4a99}}
h2{{font-size:1.3em;line-height:1.3;margin:1.5em 0 .5em}}
h3{{font-size:1.15em;line-height:1.3;margin:1.25em 0 .5em}}
h4,h5,h6{{font-size:1em;margin:1em 0 .25em}}
p,ol,ul{{margin:.75em 0}}
li{{margin:.25em 0}}
blockquote{{margin:1em 0;padding-inline-start:1em;border-inline-start:3px solid}}
table{{border-collapse:collapse}}
th,td{{padding:.25em .75em;border:1px solid;text-align:start;overflow-wrap:anywhere}}
pre{{white-space:pre-wrap}}
@media (prefers-color-scheme:dark){{body,.mail{{background:#14171f;color:#f4f5f8}}
a{{color:#a8c8ff}}}}
"""


def plain_text(message: Message, leave: bool, manage: bool) -> Pieces:
    """The text/plain part, format=flowed (RFC 3676)."""
    parts = [body_text(message)]
    if message.action_label:
        parts.append(f"{flowed(message.action_label)}:\n{message.url}")
    pieces: Pieces = ["\n\n".join(filter(None, parts)) + "\n\n-- \n"]
    for words in (message.why, message.sender):
        if words:
            pieces.append(f"{flowed(words)}\n\n")
    if leave:
        pieces += [f"{message.leave_label}:\n", Hole.LEAVE, "\n"]
    if manage:
        pieces += [f"{message.manage_label}:\n", Hole.MANAGE, "\n"]
    pieces += [f"{label}:\n{url}\n" for label, url in _notices(message)]
    return pieces


def html_page(message: Message, leave: bool, manage: bool) -> Pieces:
    """The text/html part."""
    where = _where(message.language, message.direction)
    pieces: Pieces = [
        f"<!doctype html>\n<html {where}>\n{_head(message)}"
        f'<body style="{_BODY}">\n{_preview(message)}'
        f'<div class="mail" {where} role="article" aria-roledescription="email" '
        f'style="{_PLAIN if message.plain else _COLUMN}">\n'
        f"{_paragraph(message.sender, _SENDER)}{_note(message)}{_said(message)}{_action(message)}"
        f'<div style="{_FOOTER}">\n',
        f'{_paragraph(message.why, _WHY)}<ul style="{_LIST}">\n']
    if leave:
        pieces += _personal(message.leave_label, Hole.LEAVE_HTML)
    if manage:
        pieces += _personal(message.manage_label, Hole.MANAGE_HTML)
    pieces += [f'<li><a style="{_LINK}" href="{escape(url)}">{escape(label)}</a></li>\n'
               for label, url in _notices(message)]
    return [*pieces, "</ul>\n</div>\n</div>\n</body>\n</html>\n"]


def _head(message: Message) -> str:
    """Names language and title, and says that light and dark are both welcome: mail programs
    then use their own colours instead of turning ours round."""
    title = f"<title{_other(message)}>{escape(message.title)}</title>"
    return (f'<head>\n<meta charset="utf-8">\n{title}\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f'<meta name="color-scheme" content="{_SCHEMES}">\n'
            f'<meta name="supported-color-schemes" content="{_SCHEMES}">\n'
            f"<style>\n{_STYLE}</style>\n</head>\n")


def _preview(message: Message) -> str:
    if not message.short:
        return ""
    return f'<div{_other(message)} style="{_PREVIEW}">{escape(message.short)}</div>\n'


def _note(message: Message) -> str:
    return f'<p style="{_NOTE}">{escape(message.note)}</p>\n' if message.note else ""


def _said(message: Message) -> str:
    """Title and text, in an element of their own where their language is another."""
    said = f'<h1 style="{_HEADING}">{escape(message.title)}</h1>\n{message.html}\n'
    return f"<div{_other(message)}>\n{said}</div>\n" if _other(message) else said


def _other(message: Message) -> str:
    """Attributes of what is not in the reader's language (WCAG 3.1.2)."""
    if message.text_tag == message.language:
        return ""
    return " " + _where(message.text_tag, message.text_direction)


def _where(language: str, direction: str) -> str:
    return f'lang="{escape(language)}" dir="{"rtl" if direction == "rtl" else "ltr"}"'


def _paragraph(words: str, style: str) -> str:
    return f'<p style="{style}">{escape(words)}</p>\n' if words else ""


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
