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
    return [
        EventRow(
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
        for e in rows
    ]
