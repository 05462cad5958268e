"""The report: what became of an announcement's deliveries, as charts, tables and CSV.

Handed over is what it tells, not read: nobody's opening or clicking is counted.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flask import Response, abort, render_template
from flask.typing import ResponseReturnValue

from civic_push.announcements.models import Announcement, AnnouncementState
from civic_push.db import db, utcnow
from civic_push.delivery import again, report
from civic_push.delivery.models import State
from civic_push.delivery.progress import ChannelProgress
from civic_push.delivery.report import FEW, Arrivals, Failures, Figures
from civic_push.staff.roles import Can
from civic_push.web.desk.counts import Count, least, plain, told, veiled
from civic_push.web.desk.frame import ID, desk, needs, wanted
from civic_push.web.desk.watching import charts
from civic_push.web.desk.watching.report_words import OBJECTIONS, REASONS, span, tick, way
from civic_push.web.desk.words import STATES, _, channel_name

SHARES = (0.5, 0.95, 0.99, 1.0)


@dataclass(frozen=True, slots=True)
class Report:
    """All that the report tells, before it is worded."""

    announcement: Announcement
    figures: Figures
    opt_outs: int

    @property
    def timed(self) -> list[tuple[str, Arrivals]]:
        """Channels whose times may be told, by name: of a few inboxes they are private."""
        return [(way(a), a) for a in self.figures.arrivals if a.public or a.total >= FEW]

    @property
    def again(self) -> list[Failures]:
        """What could be sent once more."""
        return again.worth_it(self.figures.failures)


def found(number: int, ability: Can = Can.READ) -> Report:
    """Read the report of a published announcement."""
    announcement, session = wanted(number, ability), db.session()
    if announcement.state != AnnouncementState.PUBLISHED or announcement.published_at is None:
        abort(404)
    published_at = announcement.published_at
    figures = report.figures(session, number, published_at)  # ends the transaction
    return Report(wanted(number, ability), figures,
                  report.opt_outs(session, number, published_at))


@desk.get(f"/{ID}/bericht")
@needs(Can.READ)
def show_report(number: int) -> str:
    """How fast it arrived, what did not, and who left afterwards."""
    it = found(number)
    objection = again.objection(it.announcement, utcnow())
    return render_template(
        "desk/report.html", report=it, announcement=it.announcement, charts=charts,
        chart=charts.time_chart(it.timed), shares=SHARES, reasons=REASONS, span=span,
        tick=tick, told=told, Count=Count, states=STATES,
        outcomes=[_outcomes(c) for c in it.figures.channels],
        failures=tell(it.figures.failures, lambda count: told([count])),
        objection=OBJECTIONS.get(objection) if objection else None)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One channel's deliveries: handed over, open, ended otherwise; in words, and as the parts
    of a bar."""

    channel: str
    words: list[str]
    bar: list[tuple[float, float]]


def _outcomes(progress: ChannelProgress) -> Outcomes:
    kinds: list[list[Count]] = [[], [], []]
    for state, number in progress.counts.items():
        kind = 0 if state == State.SENT else 1 if state == State.WAITING else 2
        kinds[kind].append(Count(number, progress.public))
    return Outcomes(progress.channel, [told(counts) for counts in kinds],
                    charts.bar([least(counts) for counts in kinds]))


def tell(failures: list[Failures], say: Callable[[Count], str]) -> list[tuple[Failures, str]]:
    """Failures with their numbers as they may be told."""
    hidden = veiled(failures)
    return [(group, _("nicht gezeigt") if hidden[place] else say(
        Count(group.count, group.public))) for place, group in enumerate(failures)]


@desk.get(f"/{ID}/bericht.csv")
@needs(Can.READ)
def report_as_csv(number: int) -> ResponseReturnValue:
    """The report's numbers for a spreadsheet: RFC 4180, with the mark by which Excel knows
    UTF-8."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(
        [safe(cell) for cell in row] for row in _rows(found(number)))
    answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="bericht-{number}.csv"'
    return answer


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _rows(it: Report) -> Iterator[tuple[str, str, str, str]]:
    yield _("Meldung"), _("Kanal"), _("Angabe"), _("Wert")
    title = it.announcement.title
    for channel in it.figures.channels:
        for state, count in channel.counts.items():
            yield (title, channel_name(channel.channel), str(STATES[State(state)]),
                   plain(Count(count, channel.public)))
        yield (title, channel_name(channel.channel), _("mehrmals versucht"),
               plain(Count(channel.retried, channel.public)))
    for name, arrivals in it.timed:
        for share in SHARES:
            yield (title, name, _("Sekunden, bis %(share)s %% übergeben waren",
                                  share=round(share * 100)), str(arrivals.reached(share)))
    for group, number in tell(it.figures.failures, plain):
        yield (title, channel_name(group.channel),
               f"{STATES[group.state]}: {REASONS[group.reason]}",
               number)
    yield title, "", _("Abmeldungen in den 48 Stunden danach"), plain(Count(it.opt_outs))
