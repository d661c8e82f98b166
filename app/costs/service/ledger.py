"""Write money: rate cards as they become known, and a cost entry for each active time entry.

Called by the flow out and the rate cards API.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.costs.models import CostEntry, RateCard
from app.costs.rules import Rate, price, rate_at
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import new_id
from app.kernel.money import minor_units

# Two factors of this size times a year still fit the ledger's columns.
LARGEST: Final = Decimal(1_000_000)


class RateRefused(Invalid):
    """That rate card cannot be used."""


@dataclass(frozen=True)
class NewRate:
    """What an hour costs from `valid_from` on: base x burden + overhead, in one currency."""

    person_id: UUID | None
    currency: str
    base: Decimal
    burden: Decimal
    overhead: Decimal
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True)
class ActiveTime:
    """An active time entry that wants a price."""

    time_entry_id: UUID
    starts_at: datetime
    ms: int


def record_rate(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, new: NewRate) -> RateCard:
    """Keep a rate card. It prices what is posted from now on; what is posted already never changes.

    Raises:
        RateRefused: an unknown currency, a negative amount, or an end before the start.
    """
    faults = []
    try:
        minor_units(new.currency)
    except Invalid:
        faults.append(Fault("/currency", "is not a currency of ISO 4217"))
    faults += [Fault(f"/{n}", "must not be negative") for n in ("base", "burden", "overhead") if getattr(new, n) < 0]
    faults += [
        Fault(f"/{n}", f"is above {LARGEST}") for n in ("base", "burden", "overhead") if getattr(new, n) > LARGEST
    ]
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        faults.append(Fault("/valid_to", "must be later than valid_from"))
    if faults:
        raise RateRefused(faults=faults)
    card = RateCard(
        id=new_id(),
        workspace_id=workspace_id,
        person_id=new.person_id,
        currency=new.currency,
        unit="hour",
        base=new.base,
        burden=new.burden,
        overhead=new.overhead,
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        recorded_at=now,
    )
    session.add(card)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="rate_card.recorded",
        subject_kind="rate_card",
        subject_id=card.id,
    )
    return card


def post_costs(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    person_id: UUID,
    rates: Sequence[Rate],
    entries: Sequence[ActiveTime],
) -> None:
    """Price active time entries by the rates known now; without one an entry is unpriced, never free."""
    rows = [_cost_row(now, workspace_id, rate_at(rates, person_id, e.starts_at, now), e) for e in entries]
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
