"""Keep what work costs and what money is worth: rate cards and exchange rates, as they become known.

Both are only ever added to. The clock is read under the lock on prices, so that what an entry was priced by is what was
recorded before it, always. Called by the doors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.costs.models import ExchangeRate, RateCard
from app.costs.rules import RateUnit
from app.identity.rules import ROLES, check_name, prices_lock
from app.kernel.clock import read_now
from app.kernel.db import lock_name
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import new_ids
from app.kernel.money import minor_units

# Two factors of this size times a year still fit the ledger's columns.
LARGEST: Final = Decimal(1_000_000)
LARGEST_EXCHANGE: Final = Decimal(1_000_000_000)


class RateRefused(Invalid):
    """That rate card cannot be used."""


class ExchangeRefused(Invalid):
    """That exchange rate cannot be used."""


@dataclass(frozen=True)
class NewRate:
    """What an hour, a minute or an item costs from `valid_from` on: base x burden, + overhead per hour.

    For one person, those with a role, a vendor's people, or for everybody when all three are None.
    """

    person_id: UUID | None
    currency: str
    base: Decimal
    burden: Decimal
    overhead: Decimal
    valid_from: datetime
    valid_to: datetime | None
    unit: RateUnit = "hour"
    role: str | None = None
    vendor: str | None = None


def record_rate(session: Session, *, actor: Actor, workspace_id: UUID, new: NewRate) -> RateCard:
    """Keep a rate card. It prices what is posted from now on; what is posted already never changes.

    Raises:
        RateRefused: an unknown currency or role, more than one of person, role and vendor, a negative amount, or an
            end before the start.
        BadName: the vendor's name.
    """
    faults = _faults(new)
    if faults:
        raise RateRefused(faults=faults)
    lock_name(session, prices_lock(workspace_id))
    now = read_now(session)
    (card_id,) = new_ids(1)
    card = RateCard(
        id=card_id,
        workspace_id=workspace_id,
        person_id=new.person_id,
        role=new.role,
        vendor=None if new.vendor is None else check_name(new.vendor, pointer="/vendor"),
        currency=new.currency,
        unit=new.unit,
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


def _faults(new: NewRate) -> list[Fault]:
    amounts = {"base": new.base, "burden": new.burden, "overhead": new.overhead}
    faults = [Fault("/currency", "is not a currency of ISO 4217")] if not _is_currency(new.currency) else []
    faults += [Fault(f"/{name}", "must not be negative") for name, amount in amounts.items() if amount < 0]
    faults += [Fault(f"/{name}", f"is above {LARGEST}") for name, amount in amounts.items() if amount > LARGEST]
    if new.role is not None and new.role not in ROLES:
        faults.append(Fault("/role", f"takes one of {', '.join(ROLES)}"))
    if sum(whom is not None for whom in (new.person_id, new.role, new.vendor)) > 1:
        faults.append(Fault("/person", "a rate is for one person, one role or one vendor, or for everybody"))
    if new.valid_to is not None and new.valid_to <= new.valid_from:
        faults.append(Fault("/valid_to", "must be later than valid_from"))
    return faults


def record_exchange_rates(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    from_currency: str,
    rates: Mapping[str, Decimal],
    on: date,
    source: str,
) -> list[ExchangeRate]:
    """Keep what one of `from_currency` bought of each other currency on a day. Of one day the last recorded counts.

    Raises:
        ExchangeRefused: an unknown currency, a currency against itself, a rate that is not above zero.
        BadName: the source.
    """
    faults = [] if _is_currency(from_currency) else [Fault("/base", "is not a currency of ISO 4217")]
    for currency, rate in rates.items():
        if not _is_currency(currency):
            faults.append(Fault(f"/rates/{currency}", "is not a currency of ISO 4217"))
        elif currency == from_currency:
            faults.append(Fault(f"/rates/{currency}", "is the same currency"))
        elif not 0 < rate <= LARGEST_EXCHANGE:
            faults.append(Fault(f"/rates/{currency}", f"must be above 0 and at most {LARGEST_EXCHANGE}"))
    if faults:
        raise ExchangeRefused(faults=faults)
    said_by = check_name(source, pointer="/source")
    now = read_now(session)
    rows = [
        ExchangeRate(
            id=id_,
            workspace_id=workspace_id,
            from_currency=from_currency,
            to_currency=currency,
            rate=rate,
            on=on,
            source=said_by,
            recorded_at=now,
        )
        for id_, (currency, rate) in zip(new_ids(len(rates)), sorted(rates.items()), strict=True)
    ]
    session.add_all(rows)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="exchange_rates.recorded",
        subject_kind="exchange_rate",
        subject_id=rows[0].id,
        details={"on": on.isoformat(), "from": from_currency, "to": sorted(rates), "source": said_by},
    )
    return rows


def _is_currency(code: str) -> bool:
    try:
        minor_units(code)
    except Invalid:
        return False
    return True
