"""Where German sentences end: to show one thought a line, or the first thought alone."""

from __future__ import annotations

import re

from civic_push.announcements.models import AnnouncementText
from subscriptions.models import Register

# A sentence ends at . ! ? … before white space and anything but a small letter, and not
# after an ordinal ("am 3. Mai"), an initial or an abbreviation.
_END = re.compile(r"""(?<=[.!?…؟])["“”«»'’)*_]*[ \t]+""")
_OPENING = "\"„“»«'(*_["
_NO_END = re.compile(
    r"(?:^|[\s(\[\"„])(?:\d{1,2}|\w|bzw|ca|Dr|evtl|ggf|gem|Hbf|inkl|max|min|Mio|Mrd|Nr|Prof|"
    r"Mo|Di|Mi|Do|Fr|Sa|So|St|Std|Str|Tel|usw|vgl|u\. ?a|z\. ?B|d\. ?h|Jan|Feb|Mrz|Apr|Jun|"
    r"Jul|Aug|Sept?|Okt|Nov|Dez|\w+str)\.$")
_LONGEST = 14  # characters that _NO_END looks at
_NO_PROSE = re.compile(r"\s{4}|\t|\s*(?:#|\||```|~~~|=+\s*$|-+\s*$)")


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; in doubt two stay one."""
    found, begin = [], 0
    for end in _END.finditer(text):
        before = text[max(0, end.start() - _LONGEST):end.start()]
        after = text[end.end():].lstrip(_OPENING)[:1]
        if after and not after.islower() and _NO_END.search(before) is None:
            found.append(text[begin:end.end()].strip())
            begin = end.end()
    found.append(text[begin:].strip())
    return [sentence for sentence in found if sentence]


def one_a_line(markdown: str) -> str:
    """Markdown with each sentence on a line of its own, as texts in Einfache Sprache want
    it. Headings, tables and code stay as they are."""
    lines: list[str] = []
    fenced = False
    for line in markdown.splitlines():
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        if fenced or _NO_PROSE.match(line):
            lines.append(line)
        else:
            indent = line[:len(line) - len(line.lstrip())]
            lines.append(indent + "\n".join(sentences(line)))
    return "\n".join(lines)


def laid_out(text: AnnouncementText) -> str:
    """A text's Markdown as its register wants it."""
    return one_a_line(text.body) if text.register == Register.PLAIN else text.body


def first_thought(text: str, at_least: int = 60, at_most: int = 300) -> str:
    """A text's first sentence, or as many as it takes to say something; never longer than
    `at_most` characters, then cut between words and marked."""
    words = ""
    for sentence in sentences(" ".join(text.split())):
        words = f"{words} {sentence}".strip()
        if len(words) >= at_least:
            break
    if len(words) <= at_most:
        return words
    return words[:at_most].rsplit(" ", 1)[0] + " …"
