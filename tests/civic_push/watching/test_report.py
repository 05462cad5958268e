"""The report: how fast, how many, why not, and as a table."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from civic_push.announcements.models import Announcement
from civic_push.db import utcnow
from civic_push.delivery import report
from civic_push.delivery.models import Delivery, State
from civic_push.delivery.reasons import Reason, reason_of
from civic_push.delivery.report import Arrivals, Failures
from civic_push.web.desk.counts import veiled
from civic_push.web.desk.watching import charts
from civic_push.web.desk.watching.report import safe
from subscriptions.models import Consent
from tests.civic_push.desk_visitor import Visitor
from tests.civic_push.watching.conftest import Deliver

BLOCKED = "554 5.7.1 Message rejected due to content restrictions"


def test_the_report_says_how_fast_it_went_and_why_it_did_not(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    assert published.published_at
    for second, number in ((0, 50), (9, 45), (59, 5)):
        deliver(published, "email", State.SENT, number,
                sent_at=published.published_at + timedelta(seconds=second))
    deliver(published, "email", State.SENT, 10, lane="digest",
            sent_at=published.published_at + timedelta(hours=5))
    deliver(published, "push", State.GONE, 7, error="HTTP 410")
    deliver(published, "email", State.REFUSED, 8, error=BLOCKED)
    page = editor.read(f"/redaktion/{published.id}/bericht")
    times = page.split('id="tempo"')[1]
    assert [words.split("</td>")[0] for words in times.split('desk-when">')[1:5]] == [
        "1 Sekunde", "10 Sekunden", "60 Sekunden", "60 Sekunden"]
    assert "E-Mail, Zusammenfassung" in times
    assert "5 Stunden" in times
    assert "<polyline" in times
    assert "Die Gegenseite nimmt von uns nichts an" in page
    assert BLOCKED in page
    assert "Die Adresse gibt es nicht mehr" in page


def test_times_of_a_few_inboxes_are_private(
        editor: Visitor, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "sms", State.SENT, 4)
    deliver(published, "outlet", State.SENT, 1, contact_id=None, outlet="Mastodon")
    times = editor.read(f"/redaktion/{published.id}/bericht").split('id="tempo"')[1]
    assert "SMS" not in times
    assert "Öffentliche Kanäle der Stadt" in times


def test_opt_outs_that_followed_within_two_days_are_counted(
        session: Session, published: Announcement, deliver: Deliver) -> None:
    deliver(published, "email", State.SENT, 5)
    deliver(published, "email", State.REFUSED, 1)
    now, start = utcnow(), published.published_at
    assert start
    ends = [(now, "link"), (now, "stop"), (now, "gone"), (start + timedelta(hours=49), "link"),
            (start - timedelta(hours=1), "link"), (now, "link")]
    contacts = session.scalars(select(Delivery.contact_id).order_by(Delivery.id)).all()
    for contact, (ended_at, reason) in zip(contacts, ends, strict=True):
        session.add(Consent(contact_id=contact, channel="email", wording_version="1", wording="Ja",
                            asked_at=start, ended_at=ended_at, ended_reason=reason))
    session.commit()
    # the two who left by themselves; the sixth had not got it
    assert report.opt_outs(session, published.id, start) == 2


def test_the_table_opens_in_a_spreadsheet_and_is_no_formula(
        editor: Visitor, session: Session, published: Announcement, deliver: Deliver) -> None:
    published.texts[0].title = '=HYPERLINK("https://example.org";"Hier")'
    session.commit()
    deliver(published, "email", State.SENT, 1234)
    deliver(published, "email", State.REFUSED, 2, error=BLOCKED)
    answer = editor.get(f"/redaktion/{published.id}/bericht.csv")
    assert answer.data.startswith(b"\xef\xbb\xbfMeldung,Kanal,Angabe,Wert\r\n")
    assert answer.headers["Content-Disposition"] == (
        f'attachment; filename="bericht-{published.id}.csv"')
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert {row[0] for row in rows[1:]} == {'\'=HYPERLINK("https://example.org";"Hier")'}
    assert ["E-Mail", "übergeben", "1234"] in [row[1:] for row in rows]
    assert ["E-Mail", "abgelehnt", "<5"] in [row[1:] for row in rows]


@pytest.mark.parametrize("cell", ["=1+1", "+49 151", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_cell_that_looks_like_a_formula_is_quoted(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize(("state", "error", "reason"), [
    (State.REFUSED, BLOCKED, Reason.BLOCKED),
    (State.REFUSED, "550 Blocked by Spamhaus", Reason.BLOCKED),
    (State.REFUSED, "552 5.3.4 Message size exceeds fixed limit", Reason.TOO_LARGE),
    (State.REFUSED, "HTTP 413", Reason.TOO_LARGE),
    (State.REFUSED, "HTTP 403 VAPID key mismatch", Reason.ACCOUNT),
    (State.REFUSED, "address or link is malformed", Reason.MALFORMED),
    (State.REFUSED, "push_malformed", Reason.MALFORMED),
    (State.REFUSED, "status 400", Reason.MALFORMED),
    (State.REFUSED, "the address key does not fit this address", Reason.REFUSED),
    (State.GONE, "550 5.1.1 User unknown", Reason.GONE),
    (State.UNKNOWN, "no answer (ReadTimeout)", Reason.NO_ANSWER),
    (State.UNKNOWN, "The worker ended while handing this over.", Reason.WORKER_ENDED),
    (State.EXPIRED, "", Reason.TOO_LATE),
    (State.CANCELLED, "", Reason.LEFT),
    (State.CANCELLED, "Stopped by an editor before its turn.", Reason.STOPPED),
    (State.CANCELLED, "Replaced before its turn.", Reason.REPLACED),
])
def test_the_engines_words_are_sorted(state: State, error: str, reason: Reason) -> None:
    assert reason_of(state, error) == reason


@pytest.mark.parametrize(("numbers", "hidden"), [
    ((10, 7), []), ((10, 7, 2), [1, 2]), ((3,), []), ((2, 2), []), ((3, 3), [0, 1]),
    ((10, 1, 1), [0, 1, 2]),
])
def test_reasons_do_not_give_away_a_small_number_by_their_sum(
        numbers: tuple[int, ...], hidden: list[int]) -> None:
    groups = [Failures("email", False, State.REFUSED, reason, number)
              for reason, number in zip(Reason, numbers, strict=False)]
    assert [place for place, veil in veiled(groups).items() if veil] == hidden
    assert not any(veiled([Failures("outlet", True, State.REFUSED, Reason.BLOCKED, 10),
                           Failures("outlet", True, State.REFUSED, Reason.REFUSED, 1)]).values())


def test_a_line_of_the_chart_goes_from_nothing_to_all() -> None:
    chart = charts.time_chart([("E-Mail", Arrivals(
        "email", False, False, [(1, 500), (2, 400), (70_000, 100)]))])
    points = [tuple(map(float, point.split(","))) for point in chart.lines[0].points.split()]
    assert points[0] == (charts.LEFT, charts.up(0))
    assert points[-1] == (charts.WIDTH - charts.RIGHT, charts.up(1))
    assert points == sorted(points, key=lambda p: (p[0], -p[1]))
    assert chart.ticks[-1][1] == 86_400


def test_bars_are_whole_even_without_anything() -> None:
    assert charts.bar([75, 25, 0]) == [(0, 75), (75, 25), (100, 0)]
    assert charts.bar([0, 0]) == [(0, 0), (0, 0)]


def test_a_draft_has_no_report(editor: Visitor, session: Session, published: Announcement) -> None:
    published.state = "draft"
    session.commit()
    assert editor.get(f"/redaktion/{published.id}/bericht").status_code == 404
