"""More active time than a person should have in a day or on one item is shown, to the millisecond over the limit."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.kernel.ids import new_id
from app.queue.models import Claim
from app.reports.long_days import CLAIM_MS, DAY_MS, LongTime, list_long_times
from app.timekeeping.models import TimeEntry
from tests.factories.people import add_person
from tests.factories.reviewing import active_ms, put_back, take
from tests.factories.work import add_item, add_task_type

QUARTER = timedelta(minutes=15)


@pytest.fixture
def claim(session: Session, workspace: UUID) -> Claim:
    """A claim of Ada's, to which time is booked by hand."""
    add_task_type(session, workspace)
    add_item(session, workspace)
    claim = take(session, workspace, add_person(session, workspace, "ada"))
    put_back(session, claim)
    return claim


def book(session: Session, claim: Claim, begins: datetime, ms: int) -> None:
    rows = []
    for start in range(0, ms, 900_000):
        length = min(900_000, ms - start)
        at = begins + timedelta(milliseconds=start)
        rows.append(
            {
                "id": new_id(),
                "workspace_id": claim.workspace_id,
                "claim_id": claim.id,
                "person_id": claim.person_id,
                "kind": "active",
                "starts_at": at,
                "ends_at": at + timedelta(milliseconds=length),
                "ms": length,
                "blurred": False,
                "posted_at": at,
            }
        )
    session.execute(insert(TimeEntry), rows)


def yesterday(session: Session) -> datetime:
    return datetime.combine(read_now(session).date() - timedelta(days=1), datetime.min.time(), UTC)


def found(session: Session, claim: Claim, tz: str = "UTC") -> list[LongTime]:
    return list_long_times(session, workspace_id=claim.workspace_id, now=read_now(session), tz=tz)


@pytest.mark.parametrize(("more", "told"), [(0, 0), (1, 1)])
def test_four_hours_on_an_item_are_the_most_that_is_not_told(
    session: Session, claim: Claim, more: int, told: int
) -> None:
    book(session, claim, yesterday(session), CLAIM_MS + more - active_ms(session, claim))
    assert [(one.item_id, one.ms) for one in found(session, claim)] == [(claim.item_id, CLAIM_MS + more)] * told


def test_twelve_hours_a_day_are_the_most_and_days_are_those_of_the_zone(session: Session, claim: Claim) -> None:
    midnight = yesterday(session)
    book(session, claim, midnight, DAY_MS + 1)
    days = [one for one in found(session, claim) if one.item_id is None]
    assert [(one.person, one.day, one.ms) for one in days] == [("ada", midnight.date(), DAY_MS + 1)]
    # Nine hours on, some of it belongs to the day after.
    assert [one for one in found(session, claim, "Asia/Tokyo") if one.item_id is None] == [
        LongTime(claim.person_id, "ada", midnight.date(), None, DAY_MS + 1)
    ]
    assert [one for one in found(session, claim, "Pacific/Auckland") if one.item_id is None] == []


def test_what_is_older_than_a_month_is_not_told_any_more(session: Session, claim: Claim) -> None:
    book(session, claim, yesterday(session) - timedelta(days=40), DAY_MS + 1)
    assert found(session, claim) == []
