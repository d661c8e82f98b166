"""Read adjustments, and the lines of the ledger that one would take back. Called by the service, doors and reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased

from app.adjustments.models import AdjustingEntry, Adjustment
from app.adjustments.rules import PricedTime
from app.costs.models import CostEntry
from app.kernel.errors import NotFound
from app.kernel.paging import Page, newest_first
from app.kernel.sealing import vault_of
from app.timekeeping.models import TimeEntry

PURPOSE = "adjustment"


class NoSuchAdjustment(NotFound):
    """There is no such adjustment."""


@dataclass(frozen=True)
class AdjustmentRow:
    """An adjustment with its words. `granted_ms` is what stands in the place of what was counted."""

    id: UUID
    person_id: UUID
    claim_id: UUID | None
    kind: str
    state: str
    at: datetime
    asked_ms: int | None
    granted_ms: int | None
    reason: str
    note: str
    asked_by: UUID
    asked_at: datetime
    settled_by: UUID | None
    settled_at: datetime | None
    reply: str | None


@dataclass(frozen=True)
class StandingEntry:
    """An entry of time that stands: posted once, or put in another's place, and not taken back."""

    time: PricedTime
    claim_id: UUID | None
    time_entry_id: UUID | None
    entry_id: UUID | None


def get_adjustment(session: Session, *, workspace_id: UUID, adjustment_id: UUID) -> AdjustmentRow:
    """Return an adjustment.

    Raises:
        NoSuchAdjustment: also when it is another workspace's.
    """
    row = session.get(Adjustment, adjustment_id, populate_existing=True)
    if row is None or row.workspace_id != workspace_id:
        raise NoSuchAdjustment
    return _row(session, row)


def list_adjustments(
    session: Session,
    *,
    workspace_id: UUID,
    person_id: UUID | None = None,
    state: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[AdjustmentRow]:
    """Return a page of adjustments, the newest first: of everybody, or of one person's time.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    wanted = select(Adjustment).where(Adjustment.workspace_id == workspace_id)
    if person_id is not None:
        wanted = wanted.where(Adjustment.person_id == person_id)
    if state is not None:
        wanted = wanted.where(Adjustment.state == state)
    page = newest_first(session, wanted, at=Adjustment.asked_at, row_id=Adjustment.id, limit=limit, cursor=cursor)
    return Page([_row(session, row) for row in page.rows], page.next_cursor)


def _row(session: Session, row: Adjustment) -> AdjustmentRow:
    vault = vault_of(session)
    note = vault.open(row.note, purpose=PURPOSE).decode()
    reply = None if row.reply is None else vault.open(row.reply, purpose=PURPOSE).decode()
    return AdjustmentRow(
        row.id,
        row.person_id,
        row.claim_id,
        row.kind,
        row.state,
        row.at,
        row.asked_ms,
        row.granted_ms,
        row.reason,
        note,
        row.asked_by,
        row.asked_at,
        row.settled_by,
        row.settled_at,
        reply,
    )


def standing_of_claim(session: Session, *, claim_id: UUID) -> list[StandingEntry]:
    """Return the lines of a claim's counted time that stand."""
    return _measured(session, TimeEntry.claim_id == claim_id) + _put(session, AdjustingEntry.claim_id == claim_id)


def standing_unpriced(session: Session, *, workspace_id: UUID, person_id: UUID, limit: int) -> list[StandingEntry]:
    """Return up to `limit` lines of a person's time of each kind that stand and have no price, the oldest first."""
    time = TimeEntry.workspace_id == workspace_id, TimeEntry.person_id == person_id, CostEntry.amount.is_(None)
    put = (
        AdjustingEntry.workspace_id == workspace_id,
        AdjustingEntry.person_id == person_id,
        AdjustingEntry.amount.is_(None),
    )
    return _measured(session, *time, limit=limit) + _put(session, *put, limit=limit)


def _measured(session: Session, *where: ColumnElement[bool], limit: int | None = None) -> list[StandingEntry]:
    taken_back = exists().where(AdjustingEntry.reverses_time_entry_id == TimeEntry.id)
    found = (
        select(TimeEntry, CostEntry)
        .join(CostEntry, CostEntry.time_entry_id == TimeEntry.id)
        .where(TimeEntry.kind == "active", *where, ~taken_back)
    )
    rows: Sequence[Any] = session.execute(found.order_by(TimeEntry.starts_at, TimeEntry.id).limit(limit)).all()
    return [
        StandingEntry(
            PricedTime(t.starts_at, t.ms, c.rate_card_id, c.currency, c.amount, c.unpriced_ms), t.claim_id, t.id, None
        )
        for t, c in rows
    ]


def _put(session: Session, *where: ColumnElement[bool], limit: int | None = None) -> list[StandingEntry]:
    later = aliased(AdjustingEntry)
    new = AdjustingEntry.reverses_time_entry_id.is_(None), AdjustingEntry.reverses_entry_id.is_(None)
    taken_back = exists().where(later.reverses_entry_id == AdjustingEntry.id)
    found = select(AdjustingEntry).where(*new, *where, ~taken_back).order_by(AdjustingEntry.at, AdjustingEntry.id)
    return [
        StandingEntry(
            PricedTime(e.at, e.ms, e.rate_card_id, e.currency, e.amount, e.unpriced_ms), e.claim_id, None, e.id
        )
        for e in session.scalars(found.limit(limit))
    ]
