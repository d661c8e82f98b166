"""Rates for a role or a vendor, by the minute or the item: which one is hers, what it comes to, where it may change."""

from decimal import Decimal

import pytest

from app.costs.rules import Payee, hourly_cost, piece_cost, price, rate_at
from app.costs.rules.rates import change_instants
from app.identity.rules import ROLES, Terms, terms_at
from tests.rules.costs.test_rates_and_prices import ANNA, day, rate

OWN = rate(1, person=ANNA)
ACME = rate(2, vendor="Acme")
LEAD = rate(3, role="lead")
REVIEWER = rate(4, role="reviewer", valid=(1, None))
EVERYBODY = rate(5, valid=(2, None), recorded=2)
ALL = (EVERYBODY, REVIEWER, LEAD, ACME, OWN)


def anna(*roles: str, vendor: str | None = None, since: int = 0) -> Payee:
    return Payee(ANNA, (Terms(frozenset(roles), vendor, day(since)),))


@pytest.mark.parametrize("left", range(1, 6))
def test_the_closest_rate_holds_however_old_it_is(left: int) -> None:
    payee = anna("reviewer", "lead", vendor="Acme")
    assert rate_at(ALL[:left], payee, day(3), day(9)) == ALL[left - 1]


def test_what_is_for_others_is_not_for_her() -> None:
    assert rate_at([ACME, LEAD], anna("reviewer"), day(3), day(9)) is None
    assert rate_at([ACME, LEAD], anna("reviewer", vendor="Acme Ltd"), day(3), day(9)) is None
    assert rate_at([ACME, LEAD, REVIEWER], Payee(ANNA), day(3), day(9)) is None


def test_of_several_roles_the_last_in_the_order_of_roles_counts() -> None:
    cards = [rate(number, role=role) for number, role in enumerate(ROLES)]
    held = rate_at(cards, anna(*ROLES), day(1), day(9))
    assert held is not None
    assert held.role == ROLES[-1]


def test_she_is_paid_by_the_terms_of_the_time() -> None:
    payee = Payee(ANNA, (*anna("reviewer").terms, *anna("lead", vendor="Acme", since=3).terms))
    held = [rate_at([LEAD, REVIEWER, ACME], payee, day(at), day(9)) for at in (1, 2, 3, 4)]
    assert held == [REVIEWER, REVIEWER, ACME, ACME]
    assert change_instants([LEAD, REVIEWER], payee, day(0), day(5)) == (day(1), day(3))


def test_terms_cut_nothing_where_no_rate_goes_by_them() -> None:
    payee = Payee(ANNA, (*anna("reviewer").terms, *anna("lead", since=3).terms))
    assert change_instants([OWN, EVERYBODY, rate(6, vendor="Other", valid=(1, 4))], payee, day(0), day(5)) == (day(2),)


def test_before_the_first_terms_known_the_first_hold() -> None:
    terms = anna("reviewer", since=2).terms
    assert terms_at(terms, day(0)) == terms[0]
    assert terms_at((), day(0)) is None


def test_a_minute_is_the_sixtieth_of_its_hour_and_overhead_stays_per_hour() -> None:
    by_minute = rate(base="0.5", burden="1.2", overhead="6", unit="minute")
    assert hourly_cost(by_minute) == Decimal("42")
    assert price(60_000, by_minute) == Decimal("0.7")
    assert piece_cost(by_minute) is None


def test_who_is_paid_by_the_item_costs_the_item_and_the_overhead_of_her_time() -> None:
    by_item = rate(base="0.123457", burden="1.5", overhead="3.6", unit="item")
    assert piece_cost(by_item) == Decimal("0.185186")
    assert price(1_000, by_item) == Decimal("0.001")
    assert price(1_000, rate(base="7", overhead="0", unit="item")) == 0
