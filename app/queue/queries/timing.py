"""Read how queues are worked: their calendars, what the timers have to look at, and why an item stands where it stands.

Called by the services of the queue, the sweeper, and the doors that show it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.queue.models import Calendar, Item, Queue
from app.queue.rules import OPEN, explain_score
from app.queue.rules.calendars import Calendar as BusinessCalendar
from app.queue.rules.calendars import kept_calendar


class NoSuchCalendar(NotFound):
    """There is no such calendar in this workspace."""


def get_calendar(session: Session, *, workspace_id: UUID, calendar_id: UUID, lock: bool = False) -> Calendar:
    """Return a calendar of this workspace, locked if asked for.

    Raises:
        NoSuchCalendar: also when it is another workspace's.
    """
    wanted = select(Calendar).where(Calendar.id == calendar_id, Calendar.workspace_id == workspace_id)
    found = session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NoSuchCalendar
    return found


def list_calendars(session: Session, *, workspace_id: UUID) -> list[Calendar]:
    """Return every calendar of a workspace, by name."""
    return list(session.scalars(select(Calendar).where(Calendar.workspace_id == workspace_id).order_by(Calendar.name)))


def list_queue_settings(session: Session, *, workspace_id: UUID) -> list[Queue]:
    """Return every queue of a workspace with how it is worked, by name."""
    return list(session.scalars(select(Queue).where(Queue.workspace_id == workspace_id).order_by(Queue.name)))


def working_calendar(session: Session, *, queue: Queue) -> BusinessCalendar | None:
    """Return the calendar that a queue works by; None is round the clock."""
    if queue.calendar_id is None:
        return None
    return as_business_calendar(session.get_one(Calendar, queue.calendar_id))


def as_business_calendar(row: Calendar) -> BusinessCalendar:
    """Return a kept calendar as the rules reckon with it."""
    return kept_calendar(
        zone=row.zone,
        hours=row.hours,
        country=row.country,
        subdivision=row.subdivision,
        closed_days=row.closed_days,
        open_days=row.open_days,
    )


def list_waking(session: Session, *, limit: int) -> list[UUID]:
    """Return open items that the timers have to look at now, by the database's clock, the longest overdue first."""
    due = select(Item.id).where(Item.state.in_(OPEN), Item.wake_at <= func.clock_timestamp())
    return list(session.scalars(due.order_by(Item.wake_at).limit(limit)))


def next_wake(session: Session) -> datetime | None:
    """Return when the timers have to look at an item next, or None when there is nothing to wait for."""
    return session.scalar(select(func.min(Item.wake_at)).where(Item.state.in_(OPEN)))


def list_rekeying(session: Session) -> list[UUID]:
    """Return the queues whose items are just getting their new place."""
    return list(session.scalars(select(Queue.id).where(Queue.rekey_from.is_not(None)).order_by(Queue.id)))


def explain_place(session: Session, *, item: Item, now: datetime) -> dict[str, Any]:
    """Return why an item stands where it stands, JSON-ready but for its instants.

    `order` is "value" or "due"; `score` has the factors and the number at `now`, in a queue ordered by value alone.
    """
    queue = session.get_one(Queue, item.queue_id)
    score = None
    # What came in before there was an order by value has no terms.
    if queue.value_order and item.value_terms:
        score = explain_score(item.value_terms, due_at=item.due_at, half_life_ms=queue.half_life_ms, now=now)
    return {
        "order": "value" if queue.value_order else "due",
        "priority": item.priority,
        "due_at": item.due_at,
        "in_line_since": item.created_at,
        "score": score,
    }
