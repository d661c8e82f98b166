"""What an adjustment of time comes to: each entry that it replaces taken back in full, and one in its place.

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
class PricedTime:
    """Time with its price, or without one `unpriced_ms` of it."""

    at: datetime
    ms: int
    rate_card_id: UUID | None
    currency: str | None
    amount: Decimal | None
    unpriced_ms: int


def reversal(time: PricedTime) -> PricedTime:
    """Return what takes this back: the same with the opposite sign."""
    amount = None if time.amount is None else -time.amount
    return PricedTime(time.at, -time.ms, time.rate_card_id, time.currency, amount, -time.unpriced_ms)


def priced(at: datetime, ms: int, rate: Rate | None) -> PricedTime:
    """Return some time at a rate; without one it is unpriced."""
    if rate is None:
        return PricedTime(at, ms, None, None, None, ms)
    return PricedTime(at, ms, rate.id, rate.currency, price(ms, rate), 0)
