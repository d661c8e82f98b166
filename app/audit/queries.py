"""Read the trail and its chains. Called by the audit API, item pages, exports and the checks of a live system."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.engine import Row
from sqlalchemy.orm import Session

from app.audit.models import Event, EventSeal
from app.audit.rules import Actor, Sealable, sealed_document

_AT_ONCE: Final = 2_000
_COLUMNS: Final = (
    Event.number,
    Event.workspace_id,
    Event.at,
    Event.type,
    Event.actor_kind,
    Event.actor_id,
    Event.subject_kind,
    Event.subject_id,
    Event.from_state,
    Event.to_state,
    Event.details,
)


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
    seq: int | None = None
    sha256: bytes | None = None


def list_events(session: Session, *, workspace_id: UUID, after: int, limit: int) -> list[EventRow]:
    """Return up to `limit` events of a workspace with a number above `after`, in order of number, with their seals."""
    rows = session.execute(
        select(Event, EventSeal.seq, EventSeal.sha256)
        .outerjoin(EventSeal, EventSeal.number == Event.number)
        .where(Event.workspace_id == workspace_id, Event.number > after)
        .order_by(Event.number)
        .limit(limit)
    )
    return [replace(_row(event), seq=seq, sha256=digest) for event, seq, digest in rows]


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


def sealable(row: Row[Any]) -> Sealable:
    """Return an event as its seal sees it, from a row of all its columns."""
    return Sealable(
        number=row.number,
        workspace_id=row.workspace_id,
        at=row.at,
        type=row.type,
        actor=Actor(row.actor_kind, row.actor_id),
        subject_kind=row.subject_kind,
        subject_id=row.subject_id,
        from_state=row.from_state,
        to_state=row.to_state,
        details=row.details,
    )


def list_chains(session: Session) -> list[UUID]:
    """Return every chain that has a seal."""
    return list(session.scalars(select(EventSeal.chain).distinct().order_by(EventSeal.chain)))


def read_chain(session: Session, *, chain: UUID) -> Iterator[dict[str, Any]]:
    """Yield the lines of a chain from its first event on: what was sealed, and `sha256`."""
    rows = session.execute(
        select(EventSeal.seq, EventSeal.sha256, *_COLUMNS)
        .join(Event, Event.number == EventSeal.number)
        .where(EventSeal.chain == chain)
        .order_by(EventSeal.seq),
        execution_options={"yield_per": _AT_ONCE},
    )
    try:
        for row in rows:
            yield {**sealed_document(sealable(row), seq=row.seq), "sha256": row.sha256.hex()}
    finally:
        # Who finds a fault reads no further.
        rows.close()


def count_unsealed(session: Session, *, now: datetime, older_than: timedelta) -> int:
    """Return how many events have waited for their seal for longer than this."""
    waiting = (
        select(func.count())
        .select_from(Event)
        .outerjoin(EventSeal, EventSeal.number == Event.number)
        .where(EventSeal.number.is_(None), Event.at < now - older_than)
    )
    return session.scalar(waiting) or 0


def sealing_lag(session: Session, *, now: datetime) -> timedelta:
    """Return the age of the oldest event that is not sealed yet; zero when there is none."""
    newest = select(func.max(EventSeal.number)).scalar_subquery()
    oldest = session.scalar(
        select(func.min(Event.at))
        .outerjoin(EventSeal, EventSeal.number == Event.number)
        # Numbers are drawn in order but for what is running now, so the unsealed lie at the end.
        .where(EventSeal.number.is_(None), Event.number > func.coalesce(newest, 0) - _AT_ONCE)
    )
    return timedelta(0) if oldest is None else max(timedelta(0), now - oldest)
