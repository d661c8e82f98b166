"""What a correction of time comes to: each entry that it replaces taken back in full, and one in its place.

Pure. Called by the service of adjustments and where the ledger is derived anew.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from app.costs.rules import Rate, price

KINDS: Final = ("time", "price")
STATES: Final = ("asked", "granted", "refused")
# What one may give as the reason; the last is for prices only.
REASONS: Final = ("worked_elsewhere", "not_counted", "not_working", "other")
PRICED_LATER: Final = "rate_known_later"
LONGEST_MS: Final = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger: time with its price, or without one `unpriced_ms` of it."""

    at: datetime
    ms: int
    rate_card_id: UUID | None
    currency: str | None
    amount: Decimal | None
    unpriced_ms: int


def reversal(line: Line) -> Line:
    """Return the line that takes another back: the same with the opposite sign."""
    amount = None if line.amount is None else -line.amount
    return Line(line.at, -line.ms, line.rate_card_id, line.currency, amount, -line.unpriced_ms)


def priced(at: datetime, ms: int, rate: Rate | None) -> Line:
    """Return the line of some time at a rate; without one it is unpriced."""
    if rate is None:
        return Line(at, ms, None, None, None, ms)
    return Line(at, ms, rate.id, rate.currency, price(ms, rate), 0)
