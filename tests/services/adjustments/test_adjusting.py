"""Adjustments of counted time: what is taken back, what is put in its place, at which price, and who may say so."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.adjustments.models import AdjustingEntry, Adjustment
from app.adjustments.queries import get_adjustment, list_adjustments
from app.adjustments.service import (
    AdjustmentRefused,
    AskedAlready,
    NoSuchTime,
    NothingToPrice,
    OwnTime,
    SettledAlready,
    StillRuns,
    Wish,
    add_time,
    ask,
    grant,
    price_anew,
    refuse,
)
from app.audit.rules import Actor
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.cost_query import CostQuery, CostRow
from app.reports.costs import read_costs
from app.reports.invariants import check_invariants
from app.reports.rebuild import find_differences
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import begin_earlier, hand_in, put_back, take
from tests.factories.work import add_item, add_task_type

TEN_MINUTES = Wish(600_000, "not_counted", "I read the contract on paper.")


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """A reviewer."""
    add_task_type(session, workspace)
    return add_person(session, workspace, "ada")


@pytest.fixture
def zoe(session: Session, workspace: UUID) -> UUID:
    """A lead."""
    return add_person(session, workspace, "zoe", roles=["lead"])


@pytest.fixture
def claim(session: Session, workspace: UUID, ada: UUID) -> Claim:
    """A claim of Ada's that has ended, with 90 seconds counted at 36 euros an hour."""
    add_rate(session, workspace)
    add_item(session, workspace)
    claim = begin_earlier(session, take(session, workspace, ada), 200)
    put_back(session, claim)
    return claim


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds, and the ledger is what it is derived from."""
    yield
    assert check_invariants(session) == []
    assert list(find_differences(session)) == []


def asked(session: Session, claim: Claim, wish: Wish = TEN_MINUTES) -> Adjustment:
    return ask(
        session,
        now=read_now(session),
        actor=Actor("person", claim.person_id),
        workspace_id=claim.workspace_id,
        person_id=claim.person_id,
        claim_id=claim.id,
        wish=wish,
    )


def by(session: Session, person: UUID, adjustment: Adjustment) -> dict[str, Any]:
    actor = Actor("person", person)
    return {
        "session": session,
        "actor": actor,
        "workspace_id": adjustment.workspace_id,
        "adjustment_id": adjustment.id,
        "by": person,
    }


def total(session: Session, workspace: UUID, *, as_of: datetime | None = None) -> CostRow:
    query = CostQuery((), since=None, until=None, tz="UTC", as_of=as_of or read_now(session))
    return read_costs(session, workspace_id=workspace, query=query).total


def test_a_grant_takes_back_what_was_counted_and_puts_what_was_asked_in_its_place(
    session: Session, workspace: UUID, claim: Claim, zoe: UUID
) -> None:
    before = read_now(session)
    adjustment = asked(session, claim)
    assert total(session, workspace).active_ms == 90_000
    grant(**by(session, zoe, adjustment), reply="Thank you.")
    after = total(session, workspace)
    assert (after.active_ms, after.adjusted_ms, after.cost) == (600_000, 510_000, {"EUR": Decimal("6.00")})
    assert total(session, workspace, as_of=before).active_ms == 90_000
    told = get_adjustment(session, workspace_id=workspace, adjustment_id=adjustment.id)
    assert (told.state, told.granted_ms, told.settled_by, told.reply) == ("granted", 600_000, zoe, "Thank you.")


def test_less_may_be_granted_and_a_second_adjustment_takes_the_first_back(
    session: Session, workspace: UUID, claim: Claim, zoe: UUID
) -> None:
    grant(**by(session, zoe, asked(session, claim)), ms=300_000)
    assert total(session, workspace).active_ms == 300_000
    grant(**by(session, zoe, asked(session, claim, Wish(0, "not_working", "It was lunch."))))
    after = total(session, workspace)
    assert (after.active_ms, after.cost) == (0, {"EUR": Decimal(0)})
    taken_back = session.scalars(select(AdjustingEntry.reverses_entry_id)).all()
    assert sum(one is not None for one in taken_back) == 1


def test_a_refusal_changes_nothing_and_says_why(session: Session, workspace: UUID, claim: Claim, zoe: UUID) -> None:
    adjustment = asked(session, claim)
    with pytest.raises(AdjustmentRefused):
        refuse(**by(session, zoe, adjustment), reply=" ")
    refuse(**by(session, zoe, adjustment), reply="The page was closed.")
    assert total(session, workspace).active_ms == 90_000
    with pytest.raises(SettledAlready):
        grant(**by(session, zoe, adjustment))


def test_nobody_settles_her_own_nor_is_the_database_talked_into_it(
    session: Session, claim: Claim, ada: UUID, zoe: UUID
) -> None:
    adjustment = asked(session, claim)
    with pytest.raises(OwnTime):
        grant(**by(session, ada, adjustment))
    grant(**by(session, zoe, adjustment))
    for statement, said in (
        ("UPDATE adjustments SET settled_by = person_id", "not_ones_own"),
        ("UPDATE adjusting_entries SET ms = 0", "append-only"),
        ("DELETE FROM adjusting_entries", "append-only"),
    ):
        with pytest.raises(DBAPIError, match=said), session.begin_nested():
            session.execute(text(statement))


def test_one_entry_is_taken_back_once_at_most(session: Session, claim: Claim, zoe: UUID) -> None:
    grant(**by(session, zoe, asked(session, claim)))
    again = """INSERT INTO adjusting_entries SELECT gen_random_uuid(), workspace_id, adjustment_id, claim_id, person_id,
               reverses_time_entry_id, reverses_entry_id, at, dated_at, ms, rate_card_id, currency, amount, unpriced_ms,
               posted_at FROM adjusting_entries WHERE reverses_time_entry_id IS NOT NULL"""
    with pytest.raises(DBAPIError, match="uq_adjusting_entries_reverses_time_entry_id"), session.begin_nested():
        session.execute(text(again))


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        (Wish(-1, "other", "x"), "/seconds"),
        (Wish(86_400_001, "other", "x"), "/seconds"),
        (Wish(1, "bored", "x"), "/reason"),
        (Wish(1, "other", "  "), "/note"),
        (Wish(1, "other", "x" * 2_001), "/note"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(session: Session, claim: Claim, wish: Wish, pointer: str) -> None:
    with pytest.raises(AdjustmentRefused) as refused:
        asked(session, claim, wish)
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_one_asks_for_ones_own_ended_time_and_once(session: Session, workspace: UUID, claim: Claim, zoe: UUID) -> None:
    asked(session, claim)
    with pytest.raises(AskedAlready):
        asked(session, claim)
    terms: dict[str, Any] = {"now": read_now(session), "workspace_id": workspace, "wish": TEN_MINUTES}
    with pytest.raises(NoSuchTime):
        ask(session, actor=Actor("person", zoe), person_id=zoe, claim_id=claim.id, **terms)
    running = take(session, workspace, claim.person_id)
    with pytest.raises(StillRuns):
        asked(session, running)


def test_time_outside_of_items_is_counted_priced_and_belongs_to_no_item(
    session: Session, workspace: UUID, claim: Claim, ada: UUID, zoe: UUID
) -> None:
    now = read_now(session)
    terms: dict[str, Any] = {"now": now, "workspace_id": workspace, "wish": TEN_MINUTES}
    add_time(session, actor=Actor("person", zoe), person_id=ada, by=zoe, at=now - timedelta(hours=1), **terms)
    after = total(session, workspace)
    assert (after.active_ms, after.adjusted_ms, after.cost) == (690_000, 600_000, {"EUR": Decimal("6.90")})
    with pytest.raises(OwnTime):
        add_time(session, actor=Actor("person", zoe), person_id=zoe, by=zoe, at=now, **terms)
    with pytest.raises(AdjustmentRefused):
        add_time(session, actor=Actor("person", zoe), person_id=ada, by=zoe, at=now + timedelta(hours=1), **terms)


def test_what_had_no_rate_is_priced_when_there_is_one(session: Session, workspace: UUID, ada: UUID, zoe: UUID) -> None:
    add_item(session, workspace)
    claim = begin_earlier(session, take(session, workspace, ada), 200)
    hand_in(session, claim)
    terms: dict[str, Any] = {
        "now": read_now(session),
        "actor": Actor("person", zoe),
        "workspace_id": workspace,
        "person_id": ada,
    }
    with pytest.raises(NothingToPrice):
        price_anew(session, by=zoe, **terms)
    add_rate(session, workspace)
    with pytest.raises(OwnTime):
        price_anew(session, by=ada, **terms)
    price_anew(session, by=zoe, **terms)
    after = total(session, workspace)
    assert (after.active_ms, after.adjusted_ms, after.unpriced_ms) == (90_000, 0, 0)
    assert after.cost == {"EUR": Decimal("0.90")}
    with pytest.raises(NothingToPrice):
        price_anew(session, by=zoe, **terms)


def test_pages_of_adjustments_hold_each_once(session: Session, workspace: UUID, ada: UUID, zoe: UUID) -> None:
    now = read_now(session)
    terms: dict[str, Any] = {"now": now, "workspace_id": workspace, "actor": Actor("person", zoe), "by": zoe, "at": now}
    made = [add_time(session, person_id=ada, wish=Wish(n, "other", str(n)), **terms).id for n in range(5)]
    found: list[UUID] = []
    cursor = None
    while True:
        page = list_adjustments(session, workspace_id=workspace, person_id=ada, limit=2, cursor=cursor)
        found += [row.id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert found == made[::-1]
    assert list_adjustments(session, workspace_id=workspace, person_id=zoe, limit=2).rows == []
    assert list_adjustments(session, workspace_id=workspace, state="refused", limit=2).rows == []
