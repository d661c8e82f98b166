"""Money: exact decimals, read strictly, rounded in two places only.

An amount is a Decimal from the door to the database, never a float. A ledger entry has six places; a report rounds to
the currency's own minor unit so that its rows add up to its total. No currency is ever converted or guessed.
Knows no product word. Called by costs, reports and the doors that read or show amounts.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from functools import reduce
from typing import Final

from app.kernel.errors import Invalid

# Wide enough that products of three ledger amounts stay exact, whatever context the caller's thread has.
EXACT: Final = Context(prec=100, rounding=ROUND_HALF_EVEN)

_ENTRY_PLACES: Final = Decimal("0.000001")
# 14 digits before the point and 6 after it are what NUMERIC(20,6) holds.
# 10 and 10 are what NUMERIC(20,10) holds.
_FACTOR: Final = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,10})?", re.ASCII)
_AMOUNT: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,13})(?:\.[0-9]{1,6})?", re.ASCII)

# Digits after the point for every active code of ISO 4217, list one as published on 2026-01-01. Metals, units of
# account, test codes and "no currency" have no minor unit and are left out. A code that is withdrawn later stays
# here, because ledgers keep their old entries.
_NO_MINOR_UNIT: Final = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_HUNDREDTHS: Final = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY "
    "COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS "
    "INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR "
    "MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG"
)
_THOUSANDTHS: Final = "BHD IQD JOD KWD LYD OMR TND"
_TEN_THOUSANDTHS: Final = "CLF UYW"
_MINOR_UNITS: Final = {
    code: places
    for places, codes in ((0, _NO_MINOR_UNIT), (2, _HUNDREDTHS), (3, _THOUSANDTHS), (4, _TEN_THOUSANDTHS))
    for code in codes.split()
}


class InvalidAmount(Invalid):
    """An amount is plain decimal text such as 30.00: at most 14 digits, then at most 6 decimal places."""


class InvalidFactor(Invalid):
    """An exchange rate is plain decimal text such as 1.0832: at most 10 digits, then at most 10 decimal places."""


class UnknownCurrency(Invalid):
    """A currency is an active ISO 4217 code in capital letters, such as EUR."""


def parse_amount(text: str) -> Decimal:
    """Return the amount that this text says, with as many places as it was written with.

    Raises:
        InvalidAmount: not plain decimal text: a sign other than one minus, an exponent, a leading zero, a space,
            a digit group, NaN or infinity, or more digits than the ledger holds.
    """
    if not isinstance(text, str) or _AMOUNT.fullmatch(text) is None:
        raise InvalidAmount
    amount = Decimal(text)
    return amount if amount else amount.copy_abs()


def parse_factor(text: str) -> Decimal:
    """Return the exchange rate that this text says.

    Raises:
        InvalidFactor: not plain decimal text, as with amounts, or more digits than are kept.
    """
    if not isinstance(text, str) or _FACTOR.fullmatch(text) is None:
        raise InvalidFactor
    return Decimal(text)


def quantize_entry(amount: Decimal) -> Decimal:
    """Return the amount as a ledger entry: six places, half to even."""
    return _quantized(amount, _ENTRY_PLACES)


def minor_units(currency: str) -> int:
    """Return how many digits after the point this currency is written with (ISO 4217).

    Raises:
        UnknownCurrency: no active currency has this code.
    """
    try:
        return _MINOR_UNITS[currency]
    except KeyError:
        raise UnknownCurrency from None


def round_total(amount: Decimal, currency: str) -> Decimal:
    """Return the amount in whole minor units of its currency, half to even.

    Raises:
        UnknownCurrency: no active currency has this code.
    """
    return _quantized(amount, _unit(currency))


def round_rows(amounts: Sequence[Decimal], currency: str) -> list[Decimal]:
    """Return the amounts in whole minor units such that they add up to the rounded total of all.

    Method of the largest remainder: each row is rounded down, then the units still missing go one each to the rows
    that lost most, the earlier row first among equals. No row moves by a whole unit; exact rows do not move at all.

    Raises:
        UnknownCurrency: no active currency has this code.
    """
    unit = _unit(currency)
    rows = [_quantized(amount, unit, ROUND_FLOOR) for amount in amounts]
    missing = int(EXACT.divide(EXACT.subtract(_quantized(_sum(amounts), unit), _sum(rows)), unit))
    by_loss = sorted(range(len(rows)), key=lambda row: EXACT.subtract(rows[row], amounts[row]))
    for row in by_loss[:missing]:
        rows[row] = EXACT.add(rows[row], unit)
    return rows


def _unit(currency: str) -> Decimal:
    return EXACT.scaleb(Decimal(1), -minor_units(currency))


def _quantized(amount: Decimal, places: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """Return the amount with these places; zero never keeps a minus, which JSON and reports would show."""
    rounded = amount.quantize(places, rounding, EXACT)
    return rounded if rounded else rounded.copy_abs()


def _sum(amounts: Sequence[Decimal]) -> Decimal:
    """Return the exact sum; the caller's decimal context has no say."""
    return reduce(EXACT.add, amounts, Decimal(0))
