"""Bytes to text, and HTML to plain text."""

from __future__ import annotations

import codecs
import html
import re

import nh3

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"),
         (codecs.BOM_UTF32_BE, "utf-32-be"), (codecs.BOM_UTF16_LE, "utf-16-le"),
         (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
# Python knows codecs that are no encodings of documents, some of them slow (punycode)
_ENCODING = re.compile(r"iso-?8859-\d+|latin-?\d+|windows-125\d|cp125\d|koi8-[ru]|macintosh|"
                       r"shift[_-]jis|euc-(?:jp|kr)|gb(?:2312|k|18030)|big5|iso-2022-jp")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

_MOST_HTML = 60_000  # characters of one text we look at
_BLOCKS = {"p", "div", "ul", "ol", "dl", "table", "tr", "blockquote", "pre", "section",
           "article", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "dt", "dd", "figure"}
_BREAKS = re.compile(rf"</?(?:{'|'.join(sorted(_BLOCKS))})>")
_DROPPED = {"script", "style", "svg", "math", "template", "iframe", "object", "noscript"}


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are no UTF-8 as Windows-1252, the usual lie in German feeds."""
    assert isinstance(error, UnicodeDecodeError)
    raw = error.object[error.start:error.end]
    return raw.decode("cp1252", "replace"), error.end


codecs.register_error("content_sources.windows", _as_windows)


def decode(body: bytes) -> str:
    """Turn a document into text, whatever it says about its encoding.

    A byte order mark counts most; what is valid UTF-8 is UTF-8 even where it claims to be
    Latin-1; then the declared encoding; then UTF-8 with single Windows-1252 bytes within.
    Characters that XML forbids are left out.
    """
    return _NOT_XML.sub("", _decode(body))


def _decode(body: bytes) -> str:
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return body[len(mark):].decode(encoding, "replace")
    if body[:4] in (b"<\0?\0", b"\0<\0?"):
        return body.decode("utf-16-le" if body[0] else "utf-16-be", "replace")
    try:
        if b"\x1b" not in body:  # ISO-2022-JP is valid ASCII
            return body.decode("utf-8")
    except UnicodeDecodeError:
        pass  # tried in earnest below
    found = _DECLARED.match(body.lstrip()[:200])
    declared = found[1].decode("ascii").lower() if found else ""
    if _ENCODING.fullmatch(declared):
        # browsers, and so everybody, mean Windows-1252 by Latin-1
        windows = declared in ("iso-8859-1", "iso8859-1", "latin1", "latin-1")
        return body.decode("cp1252" if windows else declared, "replace")
    return body.decode("utf-8", "content_sources.windows")


def plain(markup: str, limit: int) -> str:
    """HTML as readable plain text of at most `limit` characters: paragraphs separated by
    blank lines, list items with a dash, no tags, no scripts, entities resolved."""
    markup = markup[:_MOST_HTML].replace("</br>", "")  # XHTML's <br></br> would count twice
    clean = nh3.clean(markup, tags=_BLOCKS | {"br", "li"}, attributes={},
                      clean_content_tags=_DROPPED, strip_comments=True, link_rel=None)
    text = re.sub(r"\s+", " ", clean)  # line breaks in HTML mean nothing
    text = re.sub(r"<li>", "\n– ", text)
    text = re.sub(r"<br ?/?>", "\n", text)
    text = _BREAKS.sub("\n\n", text)
    text = re.sub(r"\n– \s+", "\n– ", text.replace("</li>", ""))  # paragraphs within items
    return tidy(html.unescape(text), limit)


def tidy(text: str, limit: int) -> str:
    """Plain text with single spaces, no more than one blank line, cut to `limit`."""
    text = _NOT_XML.sub("", text[:_MOST_HTML]).replace("\xa0", " ").replace("\xad", "")
    lines = [" ".join(line.split()) for line in text.splitlines()]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    # items of one list belong together
    return cut(re.sub(r"(?<![^\n])(– [^\n]*)\n\n(?=– )", r"\1\n", text), limit)


def line(text: str, limit: int) -> str:
    """All of a text on one line, cut to `limit`."""
    return cut(" ".join(_NOT_XML.sub("", text[:_MOST_HTML]).replace("\xad", "").split()), limit)


def cut(text: str, limit: int) -> str:
    """Cut a text at the last word that fits, with an ellipsis."""
    if len(text) <= limit:
        return text
    head = text[:limit - 1]
    space = max(head.rfind(" "), head.rfind("\n"))
    return head[:space if space > limit // 2 else limit - 1].rstrip(" ,;:–-\n") + "…"
