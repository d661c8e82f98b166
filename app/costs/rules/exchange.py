"""What an amount is in another currency: by a dated rate, shown with its date and source, never guessed.

Called by reports. Ledgers keep the currency in which a price was agreed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from app.kernel.money import EXACT


@dataclass(frozen=True, slots=True)
class Exchange:
    """How much of `to_currency` one of `from_currency` bought on a day, by a source."""

    id: UUID
    from_currency: str
    to_currency: str
    rate: Decimal
    on: date
    source: str
    recorded_at: datetime


def exchange_on(
    rates: Iterable[Exchange], *, from_currency: str, to_currency: str, on: date, known_at: datetime
) -> Exchange | None:
    """Return the rate between two currencies for a day, as far as it was known at `known_at`, or None.

    It is the latest of that day or before it; markets rest at weekends. Of one day the one recorded last counts. A rate
    that was recorded the other way round serves too; of the same day the direct one comes first.
    """
    pair = (from_currency, to_currency)
    fitting = [
        r
        for r in rates
        if (r.from_currency, r.to_currency) in {pair, pair[::-1]} and r.on <= on and r.recorded_at <= known_at
    ]
    return max(fitting, key=lambda r: (r.on, r.from_currency == from_currency, r.recorded_at, r.id), default=None)


def converted(amount: Decimal, by: Exchange, *, to_currency: str) -> Decimal:
    """Return an amount in `to_currency`, which is one of the two of the rate; not rounded, up to 100 digits."""
    if by.to_currency == to_currency:
        return EXACT.multiply(amount, by.rate)
    return EXACT.divide(amount, by.rate)
