"""Which rate holds for a person at an instant, and what a stretch of time or an item costs by it.

Pure and exact: the same milliseconds and the same rate give the same amount to the sixth place, for ever. A rate has
two dates, valid when and known when, so that a report can be made again as it was first made. Without a rate there is
no price; time is then unpriced, never free. Called by the service of costs, the flow out and by reports.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from app.identity.rules import ROLES, Terms, terms_at
from app.kernel.money import EXACT, quantize_entry

RateUnit = Literal["hour", "minute", "item"]

_HOUR_MS: Final = Decimal(3_600_000)
_MINUTES: Final = Decimal(60)


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour, a minute or an item costs: `base` times `burden`; `overhead` is money per hour in each case.

    It is for one person, for a vendor's people, for those with a role, or, when all three are None, for everybody.
    `valid_to` None is an open end.
    """

    id: UUID
    person_id: UUID | None
    role: str | None
    vendor: str | None
    currency: str
    unit: RateUnit
    base: Decimal
    burden: Decimal
    overhead: Decimal
    valid_from: datetime
    valid_to: datetime | None
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Payee:
    """Whose time it is, and her roles and vendor from time to time, in order."""

    person_id: UUID
    terms: tuple[Terms, ...] = ()


def hourly_cost(rate: Rate) -> Decimal:
    """Return what one hour costs, exactly: base x burden, if it is for time, + overhead."""
    if rate.unit == "item":
        return rate.overhead
    base = EXACT.multiply(rate.base, _MINUTES) if rate.unit == "minute" else rate.base
    return EXACT.fma(base, rate.burden, rate.overhead)


def price(ms: int, rate: Rate) -> Decimal:
    """Return what this many milliseconds cost: ms / 3,600,000 x what an hour costs.

    Rounded once, at the end, to six places, half to even. Negative milliseconds give the exact reversal.
    """
    return quantize_entry(EXACT.divide(EXACT.multiply(Decimal(ms), hourly_cost(rate)), _HOUR_MS))


def piece_cost(rate: Rate) -> Decimal | None:
    """Return what one item costs besides its time, base x burden to six places, or None when only time is paid."""
    return quantize_entry(EXACT.multiply(rate.base, rate.burden)) if rate.unit == "item" else None


def rate_at(rates: Iterable[Rate], payee: Payee, at: datetime, known_at: datetime) -> Rate | None:
    """Return the rate that holds for this person at `at`, as far as it was known at `known_at`, or None.

    Her own rate beats her vendor's, that one her role's, that one everybody's. Of several roles the last counts, in
    the order reviewer, lead, finance, auditor, admin. Then the rate that began last, then the one recorded last.
    """
    terms = terms_at(payee.terms, at)
    ranked = [
        # The id comes last only so that two equal rates never take turns.
        ((rank, rate.valid_from, rate.recorded_at, rate.id), rate)
        for rate in rates
        if rate.recorded_at <= known_at
        and _valid(rate, at)
        and (rank := _rank(rate, payee.person_id, terms)) is not None
    ]
    return max(ranked, key=lambda pair: pair[0], default=(None, None))[1]


def change_instants(rates: Sequence[Rate], payee: Payee, start: datetime, end: datetime) -> tuple[datetime, ...]:
    """Return, in order, the instants strictly between `start` and `end` at which her rate may become another.

    That is where any rate that she can have begins or ends, and where her roles or her vendor change.
    """
    hers = [rate for rate in rates if any(_rank(rate, payee.person_id, t) is not None for t in (*payee.terms, None))]
    instants = {at for rate in hers for at in (rate.valid_from, rate.valid_to) if at is not None and start < at < end}
    if any(rate.person_id is None and (rate.role or rate.vendor) for rate in hers):
        instants |= {terms.since for terms in payee.terms if start < terms.since < end}
    return tuple(sorted(instants))


def _rank(rate: Rate, person_id: UUID, terms: Terms | None) -> tuple[int, int] | None:
    """Return how closely a rate is meant for a person under these terms, or None when it is not for her."""
    if rate.person_id is not None:
        return (3, 0) if rate.person_id == person_id else None
    if rate.vendor is not None:
        return (2, 0) if terms is not None and rate.vendor == terms.vendor else None
    if rate.role is not None:
        return (1, ROLES.index(rate.role)) if terms is not None and rate.role in terms.roles else None
    return (0, 0)


def _valid(rate: Rate, at: datetime) -> bool:
    return rate.valid_from <= at and (rate.valid_to is None or at < rate.valid_to)
