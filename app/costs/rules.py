"""Which rate holds for a person at an instant, and what a stretch of time costs by it.

Pure and exact: the same milliseconds and the same rate give the same amount to the sixth place, for ever. A rate has
two dates, valid when and known when, so that a report can be made again as it was first made. Without a rate there is
no price; time is then unpriced, never free. Called by the service of costs and by reports.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from app.kernel.money import EXACT, quantize_entry

RateUnit = Literal["hour"]

_HOUR_MS: Final = Decimal(3_600_000)


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour costs: `base` times `burden`, plus `overhead`, all of it money per hour except the factor.

    `person_id` None is the rate of everybody without an own one; `valid_to` None is an open end.
    """

    id: UUID
    person_id: UUID | None
    currency: str
    unit: RateUnit
    base: Decimal
    burden: Decimal
    overhead: Decimal
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime


def hourly_cost(rate: Rate) -> Decimal:
    """Return what one hour costs, exactly: base x burden + overhead."""
    return EXACT.fma(rate.base, rate.burden, rate.overhead)


def price(ms: int, rate: Rate) -> Decimal:
    """Return what this many milliseconds cost: ms / 3,600,000 x (base x burden + overhead).

    Rounded once, at the end, to six places, half to even. Negative milliseconds give the exact reversal.
    """
    return quantize_entry(EXACT.divide(EXACT.multiply(Decimal(ms), hourly_cost(rate)), _HOUR_MS))


def rate_at(rates: Iterable[Rate], person_id: UUID, at: datetime, known_at: datetime) -> Rate | None:
    """Return the rate that holds for this person at `at`, as far as it was known at `known_at`, or None.

    A person's own rate beats the one for everybody; then the one that began last, then the one recorded last.
    """
    holding = (
        rate
        for rate in rates
        if rate.person_id in (None, person_id) and rate.recorded_at <= known_at and _valid(rate, at)
    )
    # The id comes last only so that two equal rates never take turns.
    return max(
        holding, key=lambda rate: (rate.person_id is not None, rate.valid_from, rate.recorded_at, rate.id), default=None
    )


def change_instants(rates: Iterable[Rate], start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return, in order, the instants strictly between `start` and `end` at which any of the rates begins or ends."""
    instants = {at for rate in rates for at in (rate.valid_from, rate.valid_to) if at is not None and start < at < end}
    return tuple(sorted(instants))


def _valid(rate: Rate, at: datetime) -> bool:
    return rate.valid_from <= at and (rate.valid_to is None or at < rate.valid_to)
