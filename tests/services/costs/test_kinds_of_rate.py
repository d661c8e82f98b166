"""Rates for a role or a vendor, by the item, and reports in one currency: what is posted, and what it comes to."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.costs.models import PieceEntry
from app.costs.service import ExchangeRefused, RateRefused, record_exchange_rates
from app.identity.service import AccessChange, change_access
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.cost_query import CostQuery
from app.reports.costs import CostReport, read_costs
from app.reports.invariants import check_invariants
from app.reports.rebuild import find_differences
from app.review.service import undo
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import (
    REJECT,
    begin_earlier,
    decided,
    decisions,
    hand_in,
    prices,
    put_back,
    run_out,
    take,
)
from tests.factories.work import add_item, add_task_type


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """A reviewer whom a vendor sends."""
    add_task_type(session, workspace)
    return add_person(session, workspace, "ada", vendor="Acme")


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds, and the ledger is what it is derived from."""
    yield
    assert check_invariants(session) == []
    assert list(find_differences(session)) == []


def open_item(session: Session, workspace: UUID, person: UUID, seconds: float = 60) -> Claim:
    add_item(session, workspace)
    return begin_earlier(session, take(session, workspace, person), seconds)


def pieces(session: Session) -> list[Decimal]:
    return list(session.scalars(select(PieceEntry.amount).order_by(PieceEntry.posted_at)))


def report(session: Session, workspace: UUID, **asked: Any) -> CostReport:
    query = CostQuery((), since=None, until=None, tz="UTC", as_of=read_now(session), **asked)
    return read_costs(session, workspace_id=workspace, query=query)


def exchange(session: Session, workspace: UUID, on: date, **rates: str) -> None:
    record_exchange_rates(
        session,
        actor=COMMAND,
        workspace_id=workspace,
        from_currency="EUR",
        rates={currency: Decimal(rate) for currency, rate in rates.items()},
        on=on,
        source="ECB",
    )


def test_a_vendors_people_cost_the_vendors_rate_and_a_role_the_roles(
    session: Session, workspace: UUID, ada: UUID
) -> None:
    by_vendor = add_rate(session, workspace, "60", vendor="Acme")
    by_role = add_rate(session, workspace, "50", role="reviewer")
    add_rate(session, workspace, "40")
    bob = add_person(session, workspace, "bob")
    for person, card in ((ada, by_vendor), (bob, by_role)):
        claim = open_item(session, workspace, person)
        hand_in(session, claim)
        assert {p.rate_card_id for p in prices(session, claim)} == {card.id}


def test_whoever_changes_sides_costs_the_new_rate_from_then_on(session: Session, workspace: UUID, ada: UUID) -> None:
    by_vendor = add_rate(session, workspace, "60", vendor="Acme")
    own = add_rate(session, workspace, "40")
    before = open_item(session, workspace, ada)
    put_back(session, before)
    terms: dict[str, Any] = {"now": read_now(session), "actor": COMMAND, "workspace_id": workspace}
    change_access(session, person_id=ada, change=AccessChange(own=True), **terms)
    after = take(session, workspace, ada)
    hand_in(session, after)
    assert {p.rate_card_id for p in prices(session, before)} == {by_vendor.id}
    assert {p.rate_card_id for p in prices(session, after)} == {own.id}


def test_by_the_item_a_verdict_costs_its_price_and_what_is_given_back_nothing(
    session: Session, workspace: UUID, ada: UUID
) -> None:
    add_rate(session, workspace, "0.30", burden="1.1", overhead="0", unit="item")
    hand_in(session, open_item(session, workspace, ada))
    put_back(session, open_item(session, workspace, ada))
    assert pieces(session) == [Decimal("0.33")]
    total = report(session, workspace).total
    assert (total.cost, total.active_ms >= 60_000, total.unpriced_ms) == ({"EUR": Decimal("0.33")}, True, 0)


def test_by_the_item_the_overhead_of_the_time_counts_too(session: Session, workspace: UUID, ada: UUID) -> None:
    add_rate(session, workspace, "0.30", burden="1", overhead="36", unit="item")
    claim = open_item(session, workspace, ada, 50)
    hand_in(session, claim)
    time = sum(p.amount or Decimal(0) for p in prices(session, claim))
    assert time >= Decimal("0.5")
    assert report(session, workspace).total.amounts == {"EUR": time + Decimal("0.3")}


def test_a_late_verdict_by_the_item_is_paid_once_it_is_handed_in(session: Session, workspace: UUID, ada: UUID) -> None:
    add_rate(session, workspace, "0.30", burden="1", overhead="0", unit="item")
    add_item(session, workspace)
    hand_in(session, run_out(session, take(session, workspace, ada)), REJECT)
    assert [d.late for d in decisions(session)] == [True]
    assert pieces(session) == [Decimal("0.3")]


def test_who_takes_a_verdict_back_is_paid_for_the_one_that_stays(session: Session, workspace: UUID, ada: UUID) -> None:
    add_rate(session, workspace, "0.30", burden="1", overhead="0", unit="item")
    made = decided(hand_in(session, open_item(session, workspace, ada), at_desk=True))
    asked: dict[str, Any] = {"workspace_id": workspace, "person_id": ada, "oversees": False}
    item = undo(session, actor=Actor("person", ada), decision_id=made.id, **asked)
    assert pieces(session) == [Decimal("0.3"), Decimal("-0.3")]
    hand_in(session, take(session, workspace, ada, item_id=item.id), REJECT)
    assert sum(pieces(session)) == Decimal("0.3")


def test_what_was_paid_by_the_item_cannot_be_changed(session: Session, workspace: UUID, ada: UUID) -> None:
    add_rate(session, workspace, "0.30", unit="item")
    hand_in(session, open_item(session, workspace, ada))
    for statement in ("UPDATE piece_entries SET amount = 9", "DELETE FROM piece_entries", "TRUNCATE piece_entries"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("parts", "pointer"), [({"role": "boss"}, "/role"), ({"role": "lead", "vendor": "Acme"}, "/person")]
)
def test_a_rate_for_nobody_that_there_is_or_for_two_is_refused(
    session: Session, workspace: UUID, parts: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(RateRefused) as refused:
        add_rate(session, workspace, **parts)
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_a_report_in_one_currency_says_by_what_it_converted_and_what_it_could_not(
    session: Session, workspace: UUID, ada: UUID
) -> None:
    bob = add_person(session, workspace, "bob")
    cy = add_person(session, workspace, "cy")
    for person, currency in ((ada, "EUR"), (bob, "USD"), (cy, "CHF")):
        add_rate(session, workspace, "0.30", burden="1", overhead="0", unit="item", person_id=person, currency=currency)
        hand_in(session, open_item(session, workspace, person))
    today = read_now(session).date()
    exchange(session, workspace, today, USD="1.2")
    found = report(session, workspace, currency="EUR")
    assert found.total.cost == {"EUR": Decimal("0.55"), "CHF": Decimal("0.30")}
    told = [(one.from_currency, one.rate, one.inverse, one.on, one.source) for one in found.exchanges]
    assert told == [("CHF", None, False, None, None), ("USD", Decimal("1.2"), True, today, "ECB")]
    assert report(session, workspace).exchanges == []


@pytest.mark.parametrize(
    ("currency", "rates", "pointer"),
    [("XXX", {"USD": "1"}, "/base"), ("EUR", {"EUR": "1"}, "/rates/EUR"), ("EUR", {"USD": "0"}, "/rates/USD")],
)
def test_a_rate_of_exchange_that_makes_no_sense_is_refused(
    session: Session, workspace: UUID, currency: str, rates: dict[str, str], pointer: str
) -> None:
    with pytest.raises(ExchangeRefused) as refused:
        record_exchange_rates(
            session,
            actor=COMMAND,
            workspace_id=workspace,
            from_currency=currency,
            rates={code: Decimal(rate) for code, rate in rates.items()},
            on=date(2026, 3, 6),
            source="ECB",
        )
    assert [f.pointer for f in refused.value.faults] == [pointer]
