"""Amounts are read strictly, kept exactly, and rounded so that a report adds up."""

from decimal import Context, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.kernel.money import (
    InvalidAmount,
    UnknownCurrency,
    minor_units,
    parse_amount,
    quantize_entry,
    round_rows,
    round_total,
)

ENTRIES = st.integers(-(10**19), 10**19).map(lambda micros: Decimal(micros).scaleb(-6))
SMALL = st.integers(-20_000, 20_000).map(lambda micros: Decimal(micros).scaleb(-6))
ROWS = st.one_of(st.lists(SMALL, max_size=30), st.lists(ENTRIES, max_size=30))
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


@pytest.mark.parametrize(
    "text", ["0", "30.00", "1.25", "-0.000001", "41.37", "99999999999999.999999", "-99999999999999", "0.10"]
)
def test_plain_decimal_text_is_read_as_written(text: str) -> None:
    assert str(parse_amount(text)) == text


def test_zero_has_no_sign() -> None:
    assert str(parse_amount("-0.00")) == "0.00"
    assert str(quantize_entry(Decimal("-0.0000001"))) == "0.000000"
    assert [str(row) for row in round_rows([Decimal("-0.000000")], "EUR")] == ["0.00"]


NOT_PLAIN = (
    *("", " 1", "1 ", "1\n", "+1", "--1", "1.2.3", ".5", "5.", "007", "00"),
    *("1e3", "1E-2", "NaN", "-Infinity", "inf", "0x10", "1_000", "1,000.00", "1,5"),
    *("\u0663", "\uff11", "\u22121", "1\u00a0000"),
    *("1.0000001", "100000000000000", "9" * 10_000),
)


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text)


@pytest.mark.parametrize("value", [1, 1.5, None, True, Decimal(1), ["1"]])
def test_what_is_not_text_is_no_amount(value: Any) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(value)


def test_refusals_are_the_callers_fault() -> None:
    assert issubclass(InvalidAmount, Invalid)
    assert issubclass(UnknownCurrency, Invalid)


@given(ENTRIES)
def test_an_entry_reads_back_as_itself(amount: Decimal) -> None:
    assert quantize_entry(amount) == amount
    if abs(amount) < 10**14:
        assert parse_amount(str(quantize_entry(amount))) == amount


@pytest.mark.parametrize(
    ("amount", "entry"),
    [
        ("0.0000005", "0.000000"),
        ("0.0000015", "0.000002"),
        ("0.00000150000000000000000000000000000000001", "0.000002"),
        ("0.0000025", "0.000002"),
        ("-0.0000025", "-0.000002"),
        ("0.00000250000000000000000000000000000000001", "0.000003"),
        ("12", "12.000000"),
    ],
)
def test_an_entry_has_six_places_half_to_even(amount: str, entry: str) -> None:
    assert str(quantize_entry(Decimal(amount))) == entry


@pytest.mark.parametrize(
    ("code", "places"),
    [
        *((code, 0) for code in ("JPY", "KRW", "CLP", "VND", "ISK", "XOF", "UGX")),
        *((code, 2) for code in ("EUR", "USD", "GBP", "CHF", "INR", "MGA", "MRU", "XCG", "ZWG", "SLE")),
        *((code, 3) for code in ("KWD", "BHD", "OMR", "TND", "JOD", "IQD", "LYD")),
        *((code, 4) for code in ("CLF", "UYW")),
    ],
)
def test_the_minor_unit_is_that_of_iso_4217(code: str, places: int) -> None:
    assert minor_units(code) == places


@pytest.mark.parametrize(
    "code", ["", "eur", "EURO", "XXX", "XTS", "XAU", "XDR", "BGN", "HRK", "ANG", "ZWL", "ABC", "E R"]
)
def test_a_code_without_an_active_currency_is_an_error(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        minor_units(code)
    with pytest.raises(UnknownCurrency):
        round_rows([], code)


@pytest.mark.parametrize(
    ("amounts", "currency", "rows"),
    [
        (["0.333333", "0.333333", "0.333334"], "EUR", ["0.33", "0.33", "0.34"]),
        (["0.005", "0.005", "0.005"], "EUR", ["0.01", "0.01", "0.00"]),
        (["0.005", "0.005"], "EUR", ["0.01", "0.00"]),
        (["0.005"], "EUR", ["0.00"]),
        (["0.015"], "EUR", ["0.02"]),
        (["10.6", "10.6", "10.6"], "JPY", ["11", "11", "10"]),
        (["0.0004", "0.0004", "0.0004"], "KWD", ["0.001", "0.000", "0.000"]),
        (["1.00", "0.004", "0.004", "0.004"], "EUR", ["1.00", "0.01", "0.00", "0.00"]),
        (["-0.333333", "-0.333333", "-0.333334"], "EUR", ["-0.33", "-0.33", "-0.34"]),
        (["5.678", "-5.678"], "EUR", ["5.68", "-5.68"]),
        (["1.239", "-1.234"], "EUR", ["1.24", "-1.24"]),
        ([], "EUR", []),
    ],
)
def test_rows_are_rounded_by_largest_remainder(amounts: list[str], currency: str, rows: list[str]) -> None:
    assert [str(row) for row in round_rows([Decimal(amount) for amount in amounts], currency)] == rows


@given(ROWS, CURRENCIES)
def test_rounded_rows_add_up_to_the_rounded_total(amounts: list[Decimal], currency: str) -> None:
    with localcontext(Context(prec=100)):
        rows, exact = round_rows(amounts, currency), sum(amounts, Decimal(0))
        unit = Decimal(1).scaleb(-minor_units(currency))
        assert sum(rows, Decimal(0)) == round_total(exact, currency) == exact.quantize(unit)
        assert all(abs(row - amount) < unit for row, amount in zip(rows, amounts, strict=True))
        assert all(row == amount for row, amount in zip(rows, amounts, strict=True) if amount % unit == 0)
        assert all(row.as_tuple().exponent == -minor_units(currency) for row in rows)


@given(ROWS, CURRENCIES)
def test_a_larger_remainder_is_never_passed_over(amounts: list[Decimal], currency: str) -> None:
    rows = round_rows(amounts, currency)
    with localcontext(Context(prec=100)):
        gained = [amount - row for row, amount in zip(rows, amounts, strict=True) if row > amount]
        lost = [amount - row for row, amount in zip(rows, amounts, strict=True) if row <= amount]
        unit = Decimal(1).scaleb(-minor_units(currency))
        assert all(up + unit >= down for up in gained for down in lost)


@given(ROWS, CURRENCIES)
def test_rounding_twice_changes_nothing(amounts: list[Decimal], currency: str) -> None:
    once = round_rows(amounts, currency)
    assert round_rows(once, currency) == once


def test_the_callers_decimal_context_has_no_say() -> None:
    amounts = [Decimal("12345678.333333"), Decimal("0.333333"), Decimal("0.333334")]
    with localcontext(Context(prec=3)):
        assert [str(row) for row in round_rows(amounts, "EUR")] == ["12345678.33", "0.33", "0.34"]
        assert str(quantize_entry(amounts[0])) == "12345678.333333"
