"""Exchange rates: the one of the day or the last before it, as known then; and what an amount is by it."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.costs.rules import Exchange, converted, exchange_on
from tests.rules.costs.test_rates_and_prices import AMOUNTS, day

FRIDAY = date(2026, 3, 6)


def exchange(number: int = 1, *, rate: str = "1.0832", on: date = FRIDAY, recorded: int = 0) -> Exchange:
    return Exchange(UUID(int=number), "EUR", "USD", Decimal(rate), on, "ECB", day(recorded))


def find(*rates: Exchange, of: str = "EUR", to: str = "USD", on: date = FRIDAY, known: int = 9) -> Exchange | None:
    return exchange_on(rates, from_currency=of, to_currency=to, on=on, known_at=day(known))


def test_a_day_without_one_goes_by_the_last_before_it() -> None:
    monday = exchange(2, on=FRIDAY + timedelta(days=3))
    assert find(exchange(), monday, on=FRIDAY + timedelta(days=2)) == exchange()
    assert find(exchange(), monday, on=FRIDAY + timedelta(days=3)) == monday
    assert find(exchange(), monday, on=FRIDAY - timedelta(days=1)) is None


def test_of_one_day_the_one_recorded_last_counts_as_far_as_it_was_known() -> None:
    first, second = exchange(1), exchange(2, rate="1.09", recorded=3)
    assert find(second, first) == second
    assert find(second, first, known=2) == first


def test_the_other_way_round_it_serves_too_but_a_direct_one_comes_first() -> None:
    back = replace(exchange(2, rate="0.92"), from_currency="USD", to_currency="EUR")
    assert find(exchange(), of="USD", to="EUR") == exchange()
    assert find(back, exchange(), of="USD", to="EUR") == back
    assert find(exchange(), of="EUR", to="CHF") is None


@given(AMOUNTS, st.integers(1, 10**12))
def test_an_amount_is_worth_the_exact_product_or_quotient(amount: Decimal, micros: int) -> None:
    by = exchange(rate=str(Decimal(micros).scaleb(-6)))
    exact = Fraction(amount) * Fraction(by.rate)
    assert Fraction(converted(amount, by, to_currency="USD")) == exact
    back = Fraction(converted(amount, by, to_currency="EUR"))
    assert abs(back - Fraction(amount) / Fraction(by.rate)) < Fraction(1, 10**40)
