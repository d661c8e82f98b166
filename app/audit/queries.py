"""Read the trail. Called by the audit API, item pages and the checks of a live system."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import Event


@dataclass(frozen=True)
class EventRow:
    """One event as readers see it."""

    number: int
    at: datetime
    type: str
    actor_kind: str
    actor_id: UUID | None
    subject_kind: str
    subject_id: UUID
    from_state: str | None
    to_state: str | None
    details: dict[str, Any]


def list_events(session: Session, *, workspace_id: UUID, after: int, limit: int) -> list[EventRow]:
    """Return up to `limit` events of a workspace with a number above `after`, in order of number."""
    rows = session.scalars(
        select(Event)
        .where(Event.workspace_id == workspace_id, Event.number > after)
        .order_by(Event.number)
        .limit(limit)
    )
    return [_row(event) for event in rows]


def list_events_of(
    session: Session, *, workspace_id: UUID, subject_kind: str, subject_id: UUID, limit: int
) -> list[EventRow]:
    """Return the last `limit` events of one thing, the oldest first."""
    rows = session.scalars(
        select(Event)
        .where(Event.workspace_id == workspace_id, Event.subject_kind == subject_kind, Event.subject_id == subject_id)
        .order_by(Event.number.desc())
        .limit(limit)
    )
    return [_row(event) for event in rows][::-1]


def _row(e: Event) -> EventRow:
    return EventRow(
        e.number,
        e.at,
        e.type,
        e.actor_kind,
        e.actor_id,
        e.subject_kind,
        e.subject_id,
        e.from_state,
        e.to_state,
        e.details,
    )
