"""Own time by day and by claim: the days of a zone, sums of both kinds, and only one person's in one workspace."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.queue.models import Claim
from app.reports.own_time import Day, list_claim_times, list_days
from app.timekeeping.models import TimeEntry
from tests.factories.people import add_person
from tests.factories.reviewing import hand_in, take
from tests.factories.work import add_item, add_task_type

# The night in which the clocks of Berlin go back: that day has 25 hours there.
NIGHT = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
AROUND: Final[dict[str, Any]] = {"since": NIGHT - timedelta(days=3), "until": NIGHT + timedelta(days=3)}


def book(session: Session, claim: Claim, at: datetime, seconds: int, kind: str = "active") -> None:
    session.add(
        TimeEntry(
            id=new_id(),
            workspace_id=claim.workspace_id,
            claim_id=claim.id,
            person_id=claim.person_id,
            kind=kind,
            starts_at=at,
            ends_at=at + timedelta(seconds=seconds),
            ms=seconds * 1_000,
            blurred=False,
            posted_at=at,
        )
    )
    session.flush()


def test_time_is_summed_by_the_days_of_a_zone(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    ada, bob = add_person(session, workspace, "ada"), add_person(session, workspace, "bob")
    for person in (ada, bob):
        add_item(session, workspace)
        claim = take(session, workspace, person)
        # Half past midnight in Berlin; an hour before the end of that day of 25 hours; and the next.
        book(session, claim, NIGHT, 60)
        book(session, claim, NIGHT + timedelta(hours=23, minutes=45), 30)
        book(session, claim, NIGHT + timedelta(hours=23, minutes=50), 20, "idle_in_claim")
        book(session, claim, NIGHT + timedelta(hours=24, minutes=30), 10)
    asked: dict[str, Any] = {"workspace_id": workspace, "person_id": ada, **AROUND}
    assert list_days(session, **asked, tz="Europe/Berlin") == [
        Day(date(2026, 10, 26), 10_000, 0, 1),
        Day(date(2026, 10, 25), 90_000, 20_000, 1),
    ]
    assert [(day.day.day, day.active_ms) for day in list_days(session, **asked, tz="UTC")] == [
        (25, 40_000),
        (24, 60_000),
    ]


def test_each_claim_has_its_time_with_what_came_of_it(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    ada = add_person(session, workspace, "ada")
    add_item(session, workspace, external_id="first")
    done = take(session, workspace, ada)
    hand_in(session, done)
    add_item(session, workspace, external_id="second")
    live = take(session, workspace, ada)
    book(session, live, NIGHT + timedelta(minutes=5), 7)
    book(session, done, NIGHT, 3)
    book(session, done, NIGHT + timedelta(minutes=1), 4, "idle_in_claim")
    claim_times = list_claim_times(session, workspace_id=workspace, person_id=ada, **AROUND)
    found = [(s.external_id, s.active_ms, s.idle_ms, s.outcome, s.ended_at - s.began_at) for s in claim_times]
    assert found == [
        ("first", 3_000, 4_000, "decided", timedelta(seconds=64)),
        ("second", 7_000, 0, None, timedelta(seconds=7)),
    ]
