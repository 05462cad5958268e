"""What a message says besides the editors' words, in the current locale: that the reader's
own kind of text does not exist, where the text comes from, and what SMS and push begin with."""

from __future__ import annotations

from flask_babel import gettext

from channels.reading import read
from civic_push.announcements.models import Announcement, AnnouncementText
from civic_push.wording.markdown import to_html
from civic_push.wording.sentences import first_thought
from subscriptions.models import Register

SHORT = 300  # characters: what an SMS says of a text before it is cut to its segments
_ENOUGH = 60  # characters; what begins shorter says too little by itself


def fallback(text: AnnouncementText, language: str, register: str) -> tuple[str, str]:
    """What to say where a reader gets another text than he asked for: a sentence or two, and
    the same in a few words. Two empty strings where he gets what he wanted."""
    notes, marks = [], []
    if text.language != language:
        notes.append(gettext("Diese Meldung gibt es nicht in Ihrer Sprache. Hier ist der "
                             "deutsche Text."))
        marks.append(gettext("(nur auf Deutsch)"))
    if register == Register.PLAIN and text.register != register:
        notes.append(gettext("Diese Meldung gibt es nicht in Einfacher Sprache."))
        if not marks:
            marks.append(gettext("(nicht in Einfacher Sprache)"))
    return " ".join(notes), " ".join(marks)


def push_words(text: AnnouncementText) -> str:
    """The sentence beneath a push's title: the editor's own, or the text's first thought."""
    return text.short or first_thought(_beginning(text), _ENOUGH, SHORT)


def sms_words(text: AnnouncementText) -> str:
    """What an SMS says: the editor's sentence, or title and beginning, since no title stands
    above it."""
    if text.short:
        return text.short
    title, beginning = text.title.strip(), _beginning(text)[:SHORT]
    if beginning.startswith(title.rstrip(".!")):
        return beginning
    return f"{title}{'' if title.endswith(('.', '!', '?', ':')) else '.'} {beginning}".strip()


def _beginning(text: AnnouncementText) -> str:
    """The first paragraph, or as many as it takes to say something, on one line. Headings
    are left out: without their line they would be half a sentence."""
    said = ""
    for block in read(to_html(text.body)):
        if not block.level:
            said = " ".join(f"{said} {block.marker}{block.text}".split())
        if len(said) >= _ENOUGH:
            break
    return said


def source_text(announcement: Announcement) -> str:
    """Where the text comes from, with its address on a line of its own."""
    if not announcement.source_name:
        return ""
    source = gettext("Quelle: %(name)s", name=announcement.source_name)
    return f"{source}\n{announcement.link}".strip()


def source_html(announcement: Announcement) -> str:
    """The same as a safe HTML fragment."""
    if not announcement.source_name:
        return ""
    source = _escape(gettext("Quelle: %(name)s", name=announcement.source_name))
    return to_html(f"[{source}](<{announcement.link}>)" if announcement.link else source)


def _escape(words: str) -> str:
    """Keep Markdown's signs in a source's name from meaning anything."""
    return "".join(f"\\{c}" if c in "\\`*_{}[]()#+-.!<>|~" else c for c in words)
