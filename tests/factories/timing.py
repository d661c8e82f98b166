"""Time that has gone by: items as they would be if they had come in earlier."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.kernel.clock import read_now
from app.queue.models import Calendar, Item, Queue
from app.queue.queries import find_queue
from app.queue.service import CalendarDescription, QueueSettings, add_calendar, add_queue, change_queue

_INSTANTS = ("created_at", "due_at", "soon_at", "step_at", "wake_at", "assigned_until", "reserved_until")


def let_pass(session: Session, item: Item, **passed: float) -> Item:
    """Let an item have come in this much earlier, and everything that it waits for with it."""
    item = session.get_one(Item, item.id, populate_existing=True)
    for name in _INSTANTS:
        if getattr(item, name) is not None:
            setattr(item, name, getattr(item, name) - timedelta(**passed))
    session.flush()
    return item


def set_queue(session: Session, workspace_id: UUID, name: str = "default", **settings: Any) -> Queue:
    """Make a queue with these settings, or change them."""
    now, wanted = read_now(session), QueueSettings(name=name, **settings)
    queue = find_queue(session, workspace_id=workspace_id, name=name)
    if queue is None:
        return add_queue(session, now=now, actor=COMMAND, workspace_id=workspace_id, settings=wanted)
    return change_queue(session, now=now, actor=COMMAND, workspace_id=workspace_id, queue_id=queue.id, settings=wanted)


def set_calendar(session: Session, workspace_id: UUID, **described: Any) -> Calendar:
    """Keep the calendar `office`: weekdays from nine to five in Berlin, unless described otherwise."""
    hours = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
    usual: dict[str, Any] = {"name": "office", "zone": "Europe/Berlin", "hours": hours, "country": "DE"}
    return add_calendar(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace_id,
        described=CalendarDescription(**{**usual, **described}),
    )
