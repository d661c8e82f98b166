"""Days and claims with more active time than a person should have: shown to whoever leads, never cut.

Called by the page of adjustments.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Date, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.queue.models import Claim
from app.timekeeping.models import TimeEntry

#: More than this asks for a look: 12 hours in a day, 4 hours on one item.
DAY_MS: Final = 12 * 3_600_000
CLAIM_MS: Final = 4 * 3_600_000
LOOK_BACK: Final = timedelta(days=31)
AT_MOST: Final = 50


@dataclass(frozen=True)
class LongTime:
    """Somebody's active time of a day, or on one item of it when `item_id` is given."""

    person_id: UUID
    person: str
    day: date
    item_id: UUID | None
    ms: int


def list_long_times(session: Session, *, workspace_id: UUID, now: datetime, tz: str) -> list[LongTime]:
    """Return the days and items of the last month that took more than they should, the latest first."""
    recent = (
        TimeEntry.workspace_id == workspace_id,
        TimeEntry.kind == "active",
        TimeEntry.starts_at >= now - LOOK_BACK,
    )
    day = cast(func.timezone(tz, TimeEntry.starts_at), Date)
    first = cast(func.timezone(tz, func.min(TimeEntry.starts_at)), Date)
    total = func.sum(TimeEntry.ms)
    nobody = literal(None, Claim.item_id.type)
    days = (
        select(TimeEntry.person_id, day.label("day"), nobody.label("item_id"), total.label("ms"))
        .where(*recent)
        .group_by(TimeEntry.person_id, day)
        .having(total > DAY_MS)
    )
    items = (
        select(TimeEntry.person_id, first, Claim.item_id, total)
        .join(Claim, Claim.id == TimeEntry.claim_id)
        .where(*recent)
        .group_by(TimeEntry.person_id, TimeEntry.claim_id, Claim.item_id)
        .having(total > CLAIM_MS)
    )
    long = union_all(days, items).subquery()
    found = session.execute(
        select(long.c.person_id, Person.name, long.c.day, long.c.item_id, long.c.ms)
        .join(Person, Person.id == long.c.person_id)
        .order_by(long.c.day.desc(), long.c.ms.desc())
        .limit(AT_MOST)
    )
    return [LongTime(person_id, name, on, item_id, int(ms)) for person_id, name, on, item_id, ms in found]
