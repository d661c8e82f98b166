"""Keep business calendars. A change holds for deadlines that are set from now on; what is due already stays due then.

Called by the calendars API and the pages of those who run queues.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.db import lock_name
from app.kernel.errors import Conflict, Fault, Invalid
from app.kernel.ids import new_id
from app.queue.models import Calendar, Queue
from app.queue.queries import get_calendar
from app.queue.rules.calendars import check_opens, read_calendar


class NameTaken(Invalid):
    """That name is taken."""


class CalendarInUse(Conflict):
    """A queue works by this calendar."""


@dataclass(frozen=True)
class CalendarDescription:
    """What somebody says about when people work."""

    name: str
    zone: str
    hours: Mapping[str, Sequence[Sequence[str]]]
    country: str | None = None
    subdivision: str | None = None
    closed_days: Sequence[date] = field(default_factory=tuple)
    open_days: Sequence[date] = field(default_factory=tuple)


def add_calendar(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, described: CalendarDescription
) -> Calendar:
    """Keep a new calendar.

    Raises:
        CalendarRefused: it cannot be read, or never opens.
        NameTaken: there is one of that name.
    """
    _check(session, workspace_id, described, now=now, own_id=None)
    calendar = Calendar(id=new_id(), workspace_id=workspace_id, created_at=now, updated_at=now, **_columns(described))
    session.add(calendar)
    session.flush()
    _record(session, now, actor, calendar, "calendar.added")
    return calendar


def change_calendar(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    calendar_id: UUID,
    described: CalendarDescription,
) -> Calendar:
    """Put a new description in the place of a calendar's.

    Raises:
        NoSuchCalendar: this workspace has none of that id.
        CalendarRefused, NameTaken: as for a new one.
    """
    calendar = get_calendar(session, workspace_id=workspace_id, calendar_id=calendar_id)
    _check(session, workspace_id, described, now=now, own_id=calendar_id)
    for name, value in _columns(described).items():
        setattr(calendar, name, value)
    calendar.updated_at = now
    session.flush()
    _record(session, now, actor, calendar, "calendar.changed")
    return calendar


def remove_calendar(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, calendar_id: UUID) -> None:
    """Forget a calendar that no queue works by.

    Raises:
        NoSuchCalendar: this workspace has none of that id.
        CalendarInUse: a queue works by it.
    """
    calendar = get_calendar(session, workspace_id=workspace_id, calendar_id=calendar_id, lock=True)
    if session.scalar(select(exists().where(Queue.calendar_id == calendar_id))):
        raise CalendarInUse
    session.delete(calendar)
    session.flush()
    _record(session, now, actor, calendar, "calendar.removed")


def _check(
    session: Session, workspace_id: UUID, described: CalendarDescription, *, now: datetime, own_id: UUID | None
) -> None:
    values = asdict(described)
    del values["name"]
    check_opens(read_calendar(**values), at=now)
    lock_name(session, f"calendar {workspace_id} {described.name}")
    named = select(Calendar.id).where(Calendar.workspace_id == workspace_id, Calendar.name == described.name)
    if session.scalar(named) not in {None, own_id}:
        raise NameTaken(faults=[Fault("/name", "is the name of another calendar")])


def _columns(described: CalendarDescription) -> dict[str, object]:
    return {
        "name": described.name,
        "zone": described.zone,
        "hours": {day: [list(span) for span in spans] for day, spans in described.hours.items() if spans},
        "country": described.country,
        "subdivision": described.subdivision,
        "closed_days": sorted(set(described.closed_days)),
        "open_days": sorted(set(described.open_days)),
    }


def _record(session: Session, now: datetime, actor: Actor, calendar: Calendar, what: str) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=calendar.workspace_id,
        type=what,
        subject_kind="calendar",
        subject_id=calendar.id,
        details={"name": calendar.name, "zone": calendar.zone},
    )
