"""What time costs: by the rate that held and was known, unpriced without one, and never changed afterwards."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.costs.queries import list_rate_cards
from app.costs.service import RateRefused
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.cost_query import GROUPS, CostQuery
from app.reports.costs import CostReport, read_costs
from app.reports.invariants import check_invariants
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import REJECT, begin_earlier, correct, entries, hand_in, prices, put_back, take
from tests.factories.work import add_item, add_task_type


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """A reviewer."""
    return add_person(session, workspace, "ada")


@pytest.fixture
def claim(session: Session, workspace: UUID, ada: UUID) -> Claim:
    """A claim of 200 seconds, of which 90 are active."""
    add_task_type(session, workspace)
    add_item(session, workspace)
    return begin_earlier(session, take(session, workspace, ada), 200)


def amount(session: Session, claim: Claim) -> Decimal:
    return sum((p.amount or Decimal(0) for p in prices(session, claim)), Decimal(0))


def report(session: Session, workspace: UUID, *words: str) -> CostReport:
    query = CostQuery(words, since=None, until=None, tz="UTC", as_of=read_now(session))
    return read_costs(session, workspace_id=workspace, query=query)


def test_without_a_rate_time_is_unpriced_and_not_free(session: Session, workspace: UUID, claim: Claim) -> None:
    put_back(session, claim)
    assert {(p.amount, p.currency, p.rate_card_id) for p in prices(session, claim)} == {(None, None, None)}
    assert sum(p.unpriced_ms for p in prices(session, claim)) == 90_000
    total = report(session, workspace).total
    assert (total.active_ms, total.unpriced_ms, total.cost) == (90_000, 90_000, {})
    assert check_invariants(session) == []


def test_an_hour_costs_base_times_burden_plus_overhead(session: Session, workspace: UUID, claim: Claim) -> None:
    card = add_rate(session, workspace, "28", burden="1.25", overhead="1")
    put_back(session, claim)
    assert amount(session, claim) == Decimal("0.9")
    assert {p.rate_card_id for p in prices(session, claim)} == {card.id}


def test_only_active_time_has_a_price(session: Session, workspace: UUID, claim: Claim) -> None:
    add_rate(session, workspace)
    put_back(session, claim)
    active = [e.id for e in entries(session, claim) if e.kind == "active"]
    assert [p.time_entry_id for p in prices(session, claim)] == active


def test_her_own_rate_outranks_everybodys(session: Session, workspace: UUID, claim: Claim) -> None:
    own = add_rate(session, workspace, "64", person_id=claim.person_id, currency="CHF")
    add_rate(session, workspace)
    put_back(session, claim)
    assert {(p.rate_card_id, p.currency) for p in prices(session, claim)} == {(own.id, "CHF")}


def test_somebody_elses_rate_and_another_workspaces_do_not_count(
    session: Session, workspace: UUID, claim: Claim
) -> None:
    add_rate(session, workspace, person_id=add_person(session, workspace, "bob"))
    add_rate(session, create_workspace(session, now=read_now(session), name="Other").id)
    put_back(session, claim)
    assert {p.amount for p in prices(session, claim)} == {None}


def test_a_change_of_rate_splits_the_time(session: Session, workspace: UUID, claim: Claim) -> None:
    change = claim.claimed_at + timedelta(seconds=30)
    add_rate(session, workspace, "28", valid_to=change)
    add_rate(session, workspace, "56.8", valid_from=change)
    put_back(session, claim)
    booked = [e for e in entries(session, claim) if e.kind == "active"]
    assert sum(e.ms for e in booked if e.ends_at <= change) == 30_000
    assert sum(e.ms for e in booked if e.starts_at >= change) == 60_000
    assert amount(session, claim) == Decimal("0.3") + Decimal("1.2")
    assert check_invariants(session) == []


def test_time_before_the_first_rate_is_unpriced(session: Session, workspace: UUID, claim: Claim) -> None:
    add_rate(session, workspace, valid_from=claim.claimed_at + timedelta(seconds=60))
    put_back(session, claim)
    assert sum(p.unpriced_ms for p in prices(session, claim)) == 60_000
    assert amount(session, claim) == Decimal("0.3")


def test_a_rate_recorded_later_changes_nothing_that_is_posted(session: Session, workspace: UUID, claim: Claim) -> None:
    put_back(session, claim)
    add_rate(session, workspace)
    assert {p.amount for p in prices(session, claim)} == {None}
    assert check_invariants(session) == []


def test_what_is_posted_cannot_be_changed(session: Session, workspace: UUID, claim: Claim) -> None:
    add_rate(session, workspace)
    put_back(session, claim)
    for statement in (
        "UPDATE cost_entries SET amount = 0",
        "DELETE FROM cost_entries",
        "UPDATE rate_cards SET base = 0",
        "DELETE FROM rate_cards",
        "TRUNCATE cost_entries",
    ):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


@pytest.mark.parametrize(
    ("parts", "pointer"),
    [
        ({"currency": "XXX"}, "/currency"),
        ({"base": "-1"}, "/base"),
        ({"burden": "-1"}, "/burden"),
        ({"overhead": "-0.000001"}, "/overhead"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(
    session: Session, workspace: UUID, parts: dict[str, str], pointer: str
) -> None:
    with pytest.raises(RateRefused) as refused:
        add_rate(session, workspace, **parts)  # type: ignore[arg-type]  # only the texts among its parts
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_a_rate_that_ends_before_it_begins_is_refused(session: Session, workspace: UUID) -> None:
    now = read_now(session)
    with pytest.raises(RateRefused):
        add_rate(session, workspace, valid_from=now, valid_to=now)


def test_the_newest_card_comes_first(session: Session, workspace: UUID) -> None:
    first, second = add_rate(session, workspace, "1"), add_rate(session, workspace, "2")
    assert [c.id for c in list_rate_cards(session, workspace_id=workspace)] == [second.id, first.id]


def test_every_cut_of_the_report_adds_up_to_the_ledger(session: Session, workspace: UUID, claim: Claim) -> None:
    add_rate(session, workspace)
    bob = add_person(session, workspace, "bob")
    add_rate(session, workspace, "70.123457", person_id=bob, currency="CHF")
    put_back(session, claim, "skip")
    for n, verdict in enumerate((correct(), REJECT)):
        item = add_item(session, workspace, model={"name": f"model {n}"}, prompt={"version": "8"})
        mine = take(session, workspace, bob, item_id=item.id)
        hand_in(session, begin_earlier(session, mine, 7.777 * (n + 1)), verdict)
    ledger = report(session, workspace).total
    assert (ledger.decisions, ledger.items, set(ledger.cost)) == (2, 3, {"EUR", "CHF"})
    for word in GROUPS:
        cut = report(session, workspace, word)
        # What models cost and what was accepted are nobody's.
        assert cut.total == (replace(ledger, accepted=0) if word == "person" else ledger)
        assert sum(r.active_ms for r in cut.rows) == ledger.active_ms
        for currency in ("EUR", "CHF"):
            costs = [r.cost.get(currency, Decimal(0)) for r in cut.rows]
            assert sum(costs, Decimal(0)) == ledger.cost[currency]
    assert check_invariants(session) == []
