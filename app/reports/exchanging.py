"""Sums in one currency: each day's amounts by the rate of that day, with every rate that was used or was missing.

Called by cost reports.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, cast, func, null
from sqlalchemy.orm import Session

from app.costs.queries import list_exchange_rates
from app.costs.rules import Exchange, converted, exchange_on
from app.kernel.money import EXACT


@dataclass(frozen=True)
class Used:
    """A rate that a report needed: from what, for days from `first` to `last`; `rate` None is missing.

    `inverse`: it was recorded the other way round, and amounts were divided by it.
    """

    from_currency: str
    first: date
    last: date
    rate: Decimal | None = None
    inverse: bool = False
    on: date | None = None
    source: str | None = None


def exchanged_on(currency: str | None, at: Any) -> ColumnElement[Any]:
    """Return the day of an amount's exchange rate, by which sums are grouped: markets have one a day.

    Without a currency to report in, days need not be told apart, and it is null.
    """
    day = null() if currency is None else cast(func.timezone("UTC", at), Date)
    return day.label("exchanged_on")


@dataclass
class Exchanger:
    """Converts amounts into one currency, or none, and remembers by what."""

    currency: str | None
    rates: Sequence[Exchange]
    as_of: datetime
    _found: dict[tuple[str, date], Exchange | None] = field(default_factory=dict)

    @classmethod
    def read(cls, session: Session, *, workspace_id: UUID, currency: str | None, as_of: datetime) -> "Exchanger":
        """Return one with the workspace's exchange rates."""
        rates = [] if currency is None else list_exchange_rates(session, workspace_id=workspace_id)
        return cls(currency, rates, as_of)

    def exchange(self, amount: Decimal, currency: str, on: date | None) -> tuple[str, Decimal]:
        """Return the currency in which an amount is shown, and what it is in it; without a rate it stays as it is."""
        if self.currency is None or currency == self.currency or on is None:
            return currency, amount
        if (currency, on) not in self._found:
            self._found[currency, on] = exchange_on(
                self.rates, from_currency=currency, to_currency=self.currency, on=on, known_at=self.as_of
            )
        by = self._found[currency, on]
        return (currency, amount) if by is None else (self.currency, converted(amount, by, to_currency=self.currency))

    def add(self, amounts: dict[str, Decimal], amount: Decimal, currency: str, on: date | None) -> None:
        """Add an amount to sums by currency, in the one in which it is shown."""
        shown, worth = self.exchange(amount, currency, on)
        amounts[shown] = EXACT.add(amounts.get(shown, Decimal(0)), worth)

    def used(self) -> list[Used]:
        """Return what was needed, by currency and day."""
        by_rate: dict[tuple[str, Exchange | None], list[date]] = {}
        for (currency, on), by in self._found.items():
            by_rate.setdefault((currency, by), []).append(on)
        found = []
        for (currency, by), days in by_rate.items():
            which = (currency, min(days), max(days))
            inverse = by is not None and by.from_currency == self.currency
            known = () if by is None else (by.rate, inverse, by.on, by.source)
            found.append(Used(*which, *known))
        return sorted(found, key=lambda one: (one.from_currency, one.first))
