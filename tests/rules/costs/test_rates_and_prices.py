"""Which rate holds, what time costs by it, and where time must be cut for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.costs.rules import Payee, Rate, RateUnit, change_instants, hourly_cost, price, rate_at
from app.timekeeping.rules import ClaimTime, segments

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ANNA, BEN = UUID(int=101), UUID(int=102)
PAYEE = Payee(ANNA)
AMOUNTS = st.integers(0, 10**10).map(lambda micros: Decimal(micros).scaleb(-6))


def day(number: int) -> datetime:
    """Return midnight this many days after the first day."""
    return DAY + timedelta(days=number)


def rate(
    number: int = 1,
    *,
    person: UUID | None = None,
    base: str = "41.37",
    burden: str = "1.25",
    overhead: str = "0",
    valid: tuple[int, int | None] = (0, None),
    recorded: int = 0,
    unit: RateUnit = "hour",
    role: str | None = None,
    vendor: str | None = None,
) -> Rate:
    """Return a rate in euros; `valid` and `recorded` are days."""
    ends = None if valid[1] is None else day(valid[1])
    money = (Decimal(base), Decimal(burden), Decimal(overhead))
    return Rate(UUID(int=number), person, role, vendor, "EUR", unit, *money, day(valid[0]), ends, day(recorded))


@st.composite
def rates(draw: st.DrawFn) -> Rate:
    """Any rate that the ledger can hold."""
    base, burden, overhead = draw(AMOUNTS), draw(AMOUNTS), draw(AMOUNTS)
    return rate(base=str(base), burden=str(burden), overhead=str(overhead))


@pytest.mark.parametrize(
    ("ms", "of", "amount"),
    [
        (37_000, rate(), "0.531490"),
        (3_600_000, rate(), "51.712500"),
        (3_600_000, rate(overhead="4.5"), "56.212500"),
        (1, rate(), "0.000014"),
        (0, rate(), "0.000000"),
        (90_000, rate(base="0", overhead="0"), "0.000000"),
        (1_800, rate(base="0.001", burden="1"), "0.000000"),
        (5_400, rate(base="0.001", burden="1"), "0.000002"),
        (-37_000, rate(), "-0.531490"),
        (
            900_000,
            rate(base="99999999999999.999999", burden="99999999999999.999999"),
            "2499999999999999999950000000.000000",
        ),
    ],
)
def test_the_price_is_hours_times_base_times_burden_plus_overhead(ms: int, of: Rate, amount: str) -> None:
    assert str(price(ms, of)) == amount


@given(rates())
def test_an_hour_costs_base_times_burden_plus_overhead_exactly(any_rate: Rate) -> None:
    exact = Fraction(any_rate.base) * Fraction(any_rate.burden) + Fraction(any_rate.overhead)
    assert Fraction(hourly_cost(any_rate)) == exact


@given(st.integers(-(10**9), 10**9), rates())
def test_the_price_is_the_exact_value_to_the_nearest_millionth(ms: int, any_rate: Rate) -> None:
    hour = Fraction(any_rate.base) * Fraction(any_rate.burden) + Fraction(any_rate.overhead)
    # Python rounds a fraction half to even, as the ledger does.
    assert Fraction(price(ms, any_rate)) == Fraction(round(hour * ms / 3_600_000 * 10**6), 10**6)


@given(st.lists(st.integers(1, 900_000), min_size=1, max_size=20), rates())
def test_prices_of_parts_add_up_within_half_a_millionth_each(parts: list[int], any_rate: Rate) -> None:
    hour = Fraction(any_rate.base) * Fraction(any_rate.burden) + Fraction(any_rate.overhead)
    exact = hour * sum(parts) / 3_600_000
    priced = sum(Fraction(price(ms, any_rate)) for ms in parts)
    assert abs(priced - exact) <= Fraction(len(parts), 2 * 10**6)


@given(st.integers(0, 10**9), rates())
def test_a_reversal_is_the_same_amount_below_zero(ms: int, any_rate: Rate) -> None:
    assert price(-ms, any_rate) == -price(ms, any_rate)


def test_the_callers_decimal_context_has_no_say() -> None:
    with localcontext(Context(prec=3)):
        assert str(price(37_000, rate())) == "0.531490"


def test_without_a_rate_there_is_none() -> None:
    assert rate_at([], PAYEE, day(1), day(9)) is None
    assert rate_at([rate(person=BEN)], PAYEE, day(1), day(9)) is None


def test_a_rate_holds_from_its_first_instant_to_just_before_its_last() -> None:
    of = rate(valid=(1, 2))
    instant = timedelta(microseconds=1)
    held = [rate_at([of], PAYEE, at, day(9)) for at in (day(1) - instant, day(1), day(2) - instant, day(2))]
    assert held == [None, of, of, None]


def test_a_persons_own_rate_beats_the_one_for_everybody_even_an_older_one() -> None:
    own, everybody = rate(1, person=ANNA, valid=(0, 5)), rate(2, valid=(3, None), recorded=1)
    assert rate_at([everybody, own], PAYEE, day(4), day(9)) == own
    assert rate_at([own, everybody], Payee(BEN), day(4), day(9)) == everybody
    # Once the own rate has ended, the one for everybody holds again.
    assert rate_at([own, everybody], PAYEE, day(5), day(9)) == everybody


def test_the_rate_that_began_last_holds_then_the_one_recorded_last() -> None:
    first, raised = rate(3, valid=(0, None), recorded=8), rate(2, valid=(2, None), recorded=1)
    corrected = rate(1, valid=(2, None), recorded=4)
    known = [corrected, first, raised]
    assert rate_at(known, PAYEE, day(1), day(9)) == first
    assert rate_at(known, PAYEE, day(3), day(9)) == corrected


def test_what_was_not_known_yet_does_not_hold() -> None:
    raised, corrected = rate(1, recorded=1), rate(2, recorded=4)
    held = [rate_at([raised, corrected], PAYEE, day(0), known) for known in (day(0), day(1), day(3), day(4))]
    assert held == [None, raised, raised, corrected]


@given(
    st.permutations([rate(1), rate(2), rate(3, valid=(1, 4)), rate(4, recorded=2), rate(5, person=ANNA, valid=(2, 3))])
)
def test_the_order_of_the_rates_changes_nothing(known: list[Rate]) -> None:
    held = [rate_at(known, PAYEE, day(at), day(9)) for at in range(5)]
    assert [of.id.int if of else None for of in held] == [4, 3, 5, 3, 4]


def test_changes_are_the_beginnings_and_ends_strictly_inside_in_order_and_once() -> None:
    known = [rate(1, valid=(3, 6)), rate(2, valid=(0, 3)), rate(3, valid=(1, 9)), rate(4, valid=(5, None))]
    assert change_instants(known, PAYEE, day(1), day(6)) == (day(3), day(5))
    assert change_instants([], PAYEE, day(1), day(6)) == ()


@given(st.lists(st.integers(1, 3_599_999_999), min_size=1, max_size=5, unique=True))
def test_time_cut_at_the_changes_has_one_rate_to_a_segment(changes: list[int]) -> None:
    starts = sorted(DAY + timedelta(microseconds=us) for us in changes)
    known = [replace(rate(n), valid_from=starts_at) for n, starts_at in enumerate([DAY, *starts])]
    hour = ClaimTime(UUID(int=1), DAY, day(0) + timedelta(hours=1), (), 90_000)
    last = timedelta(milliseconds=1)
    for segment in segments(hour, cuts=change_instants(known, PAYEE, DAY, DAY + timedelta(hours=1))):
        begins, ends = (rate_at(known, PAYEE, at, day(9)) for at in (segment.starts_at, segment.ends_at - last))
        assert begins == ends
