"""Write money: a cost entry for each active time entry, and a piece entry where an item is paid by the item.

Called by the flow out, which shares the lock on prices.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session, aliased

from app.costs.models import CostEntry, PieceEntry
from app.costs.queries import closed_until
from app.costs.rules import Payee, Rate, dated, piece_cost, price, rate_at
from app.identity.rules import prices_lock
from app.kernel.clock import read_now
from app.kernel.db import share_name
from app.kernel.ids import new_id


@dataclass(frozen=True)
class ActiveTime:
    """An active time entry that wants a price."""

    time_entry_id: UUID
    starts_at: datetime
    ms: int


def post_costs(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    payee: Payee,
    rates: Sequence[Rate],
    entries: Sequence[ActiveTime],
) -> None:
    """Price active time entries by the rates known now; without one an entry is unpriced, never free."""
    rows = [_cost_row(now, workspace_id, rate_at(rates, payee, e.starts_at, now), e) for e in entries]
    if rows:
        session.execute(insert(CostEntry), rows)


def _cost_row(now: datetime, workspace_id: UUID, rate: Rate | None, entry: ActiveTime) -> dict[str, Any]:
    return {
        "time_entry_id": entry.time_entry_id,
        "workspace_id": workspace_id,
        "rate_card_id": None if rate is None else rate.id,
        "currency": None if rate is None else rate.currency,
        "amount": None if rate is None else price(entry.ms, rate),
        "unpriced_ms": entry.ms if rate is None else 0,
        "posted_at": now,
    }


def post_piece(
    session: Session,
    *,
    now: datetime,
    at: datetime,
    workspace_id: UUID,
    claim_id: UUID,
    payee: Payee,
    rates: Sequence[Rate],
    closed_until: datetime | None,
) -> None:
    """Post what the item of a verdict costs, if whoever handed it in at `at` is paid by the item."""
    rate = rate_at(rates, payee, at, at)
    amount = None if rate is None else piece_cost(rate)
    if rate is None or amount is None:
        return
    whose = {"workspace_id": workspace_id, "claim_id": claim_id, "person_id": payee.person_id}
    price = {"rate_card_id": rate.id, "currency": rate.currency, "amount": amount}
    days = {"at": at, "posted_at": now, "dated_at": dated(at, now, closed_until)}
    session.execute(insert(PieceEntry).values(id=new_id(), **whose, **price, **days))


def reverse_pieces(session: Session, *, workspace_id: UUID, claim_ids: Sequence[UUID]) -> None:
    """Take back what was posted for the items of these claims' verdicts, with entries of the opposite sign."""
    share_name(session, prices_lock(workspace_id))
    now, closed = read_now(session), closed_until(session, workspace_id=workspace_id)
    reversal = aliased(PieceEntry)
    posted = session.scalars(
        select(PieceEntry)
        .outerjoin(reversal, reversal.reverses_id == PieceEntry.id)
        .where(PieceEntry.claim_id.in_(claim_ids), PieceEntry.reverses_id.is_(None), reversal.id.is_(None))
    )
    rows = [
        {
            "id": new_id(),
            "workspace_id": piece.workspace_id,
            "claim_id": piece.claim_id,
            "person_id": piece.person_id,
            "rate_card_id": piece.rate_card_id,
            "currency": piece.currency,
            "amount": -piece.amount,
            "at": piece.at,
            "posted_at": now,
            "dated_at": dated(piece.at, now, closed),
            "reverses_id": piece.id,
        }
        for piece in posted
    ]
    if rows:
        session.execute(insert(PieceEntry), rows)
