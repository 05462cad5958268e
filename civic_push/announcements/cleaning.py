"""What is pasted becomes clean Markdown: Word's and web pages' HTML without scripts, styles and
pictures, links without what follows readers about. And what would choke a page is found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import nh3

from channels.reading import Block, Run, read
from civic_push.wording.markdown import SCHEMES, tree

LONGEST_PASTE = 500_000  # characters of HTML; Word needs twenty for each one of text
_TAGS = {"a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6",
         "hr", "i", "li", "ol", "p", "pre", "strong", "table", "tbody", "td", "th", "thead",
         "tr", "ul"}
_DROPPED = {"script", "style", "title", "head", "template", "noscript", "iframe", "object",
            "svg", "math", "textarea", "select", "button"}
_OPENED = re.compile(r"<(p|div|span|a|b|strong|i|em|u|ul|ol|li|h[1-6]|table|tr|td|font|script|"
                     r"style|blockquote)\b[^<>]*>", re.I)
_CLOSED = re.compile(r"</(\w{1,10})\s*>")
_ALONE = re.compile(r"<(?:br|img|hr)\b[^<>]*>", re.I)
_IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\s]{0,2000}(?: \"[^\"\n]{0,300}\")?\)")
_ADDRESS = re.compile(r"https?://[^\s<>\"'\]]+")
_FOLLOWS_READERS = re.compile(
    r"(?:utm|mtm|pk|piwik|hsa|vero|mkt|oly)_\w+|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|"
    r"twclid|ttclid|yclid|igshid?|mc_(?:cid|eid)|_hs(?:enc|mi)|_ga|_gl|s_cid|cmpid|wt_?mc|"
    r"WT\.mc_\w+|sfmc_\w+|trk_\w+", re.I)
_BULLET = re.compile(r"^[·•▪§●\uf0b7]\s*|^o\s{2,}")  # Word writes its lists as paragraphs
_DEEPEST, _ROWS, _CELLS = 6, 100, 1_000
_NESTING = {"blockquote", "bullet_list", "ordered_list"}


def is_html(text: str) -> bool:
    """Whether somebody has put HTML where Markdown belongs. A lone "<" or a tag that is never
    closed is no HTML: it is shown as it stands."""
    closed = {name.lower() for name in _CLOSED.findall(text)}
    opened = (name.lower() for name in _OPENED.findall(text)) if closed else ()
    return not closed.isdisjoint(opened) or _ALONE.search(text) is not None


def cleaned(text: str) -> str:
    """A typed text without HTML, pictures (they would tell their host who reads when) and
    what links carry to follow readers about. What is clean stays letter for letter."""
    if is_html(text):
        text = from_html(text.replace("\n\n", "<br><br>"))
    return without_tracking(_IMAGE.sub(r"\1", text))


def from_html(html: str) -> str:
    """HTML, from wherever, as Markdown that says the same. Longer than LONGEST_PASTE it is
    cut there."""
    safe = nh3.clean(html[:LONGEST_PASTE], tags=_TAGS, clean_content_tags=_DROPPED,
                     attributes={"a": {"href"}, "ol": {"start"}}, url_schemes=SCHEMES,
                     link_rel=None)
    blocks = [_as_item(block) for block in read(safe)]
    return without_tracking("".join(_joined(blocks))).strip()


def without_tracking(text: str) -> str:
    """A text, or one address, whose links say no more than where they lead."""
    return _ADDRESS.sub(lambda found: _plain_address(found.group()), text)


def is_bomb(markdown: str) -> bool:
    """Whether a text is nested so deeply, or has so large a table, that no reader and no
    mail program copes. Ask only once its length is right."""
    depth = rows = cells = 0
    for node in tree(markdown).walk():
        rows += node.type == "tr"
        cells += node.type in ("td", "th")
        if node.type in _NESTING:
            depth = max(depth, node.level // 2 if node.type != "blockquote" else node.level)
    return depth >= _DEEPEST or rows > _ROWS or cells > _CELLS


def _plain_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return address
    kept = [pair for pair in pairs if not _FOLLOWS_READERS.fullmatch(pair[0].rstrip(")"))]
    if len(kept) == len(pairs):
        return address
    return _with_query(parts, kept) + ")" * (address.endswith(")") and "(" not in address)


def _with_query(parts: SplitResult, pairs: Sequence[tuple[str, str]]) -> str:
    return parts._replace(query=urlencode(pairs)).geturl().removesuffix("%29")


def _as_item(block: Block) -> Block:
    """Word's paragraph with a bullet as the list item it is."""
    first = block.runs[0]
    if block.marker or not _BULLET.match(block.text):
        return block
    rest = _BULLET.sub("", first.text) if len(first.text) > 1 else ""
    return block._replace(runs=(first._replace(text=rest.lstrip()), *block.runs[1:]),
                          marker="- ")


def _joined(blocks: Sequence[Block]) -> list[str]:
    """Each block as Markdown, after what parts it from the one before."""
    written: list[str] = []
    before: Block | None = None
    for block in blocks:
        in_list = before and block.marker and (before.marker or before.indent)
        row_follows = before and _is_row(before) and _is_row(block)
        if before is not None:
            written.append("\n" if block.close or in_list or row_follows else "\n\n")
        if _is_row(block):
            cells = _cells(block)
            written.append(f"| {' | '.join(cells)} |")
            if not row_follows:  # Markdown knows no table without a head
                written.append("\n|" + "---|" * len(cells))
        else:
            written.append(_block(block))
        before = block
    return written


def _is_row(block: Block) -> bool:
    return any(run.text == " | " for run in block.runs)


def _cells(block: Block) -> list[str]:
    cells = [""]
    for run in block.runs:
        if run.text == " | ":
            cells.append("")
        else:
            cells[-1] += _run(run._replace(bold=False)).replace("\n", " ").replace("|", "\\|")
    return [cell.strip() for cell in cells]


def _block(block: Block) -> str:
    if block.pre:
        return f"```\n{block.text}\n```"
    words = "".join(_run(run) for run in block.runs).strip()
    if block.level and not block.marker:
        # bold adds nothing to a heading
        return f"{'#' * min(max(block.level, 2), 4)} {words.replace('**', '')}"
    lead = " " * (block.indent - len(block.marker)) + block.marker
    return ("> " if block.quoted else "") + lead + words.replace(
        "\n", "\n" + " " * len(lead))


def _run(run: Run) -> str:
    """Words with their marks; blanks stay outside, or Markdown would not see them."""
    words = run.text.strip()
    if not words:
        return "\n" if "\n" in run.text else run.text
    before, after = run.text[:1].isspace(), run.text[-1:].isspace()
    said = words if run.code else re.sub(r"([\\`*_\[\]<])", r"\\\1", words)
    if run.code:
        said = f"`{said}`"
    if run.italic:
        said = f"*{said}*"
    if run.bold:
        said = f"**{said}**"
    if run.href and words != run.href:
        said = f"[{said}]({run.href})"
    elif run.href:
        said = f"<{run.href}>"
    return " " * before + said + " " * after
