"""Closing the books: what is reported of a closed period never changes; what comes later belongs to the open one."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.adjustments.service import Wish, ask, grant
from app.audit.rules import COMMAND, Actor
from app.costs.service import CloseRefused, close_period
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.cost_query import CostQuery, CostRow
from app.reports.costs import read_costs
from app.reports.invariants import check_invariants
from app.reports.rebuild import find_differences
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import begin_earlier, entries, put_back, take
from tests.factories.work import add_item, add_task_type

QUARTER = timedelta(minutes=15)


@pytest.fixture
def edge(session: Session) -> datetime:
    """The last quarter hour that has begun."""
    return datetime.fromtimestamp(read_now(session).timestamp() // 900 * 900, UTC)


@pytest.fixture
def claim(session: Session, workspace: UUID, edge: datetime) -> Claim:
    """A claim that still runs and began two minutes before the last quarter hour."""
    add_task_type(session, workspace, claim_ms=3_600_000)
    add_rate(session, workspace)
    add_item(session, workspace)
    claim = take(session, workspace, add_person(session, workspace))
    return begin_earlier(session, claim, (read_now(session) - edge).total_seconds() + 120)


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds, and the ledger is what it is derived from."""
    yield
    assert check_invariants(session) == []
    assert list(find_differences(session)) == []


def closed(session: Session, workspace: UUID, until: datetime) -> None:
    close_period(session, actor=COMMAND, workspace_id=workspace, until=until)


def of(session: Session, workspace: UUID, since: datetime | None, until: datetime | None) -> CostRow:
    query = CostQuery((), since=since, until=until, tz="UTC", as_of=read_now(session))
    return read_costs(session, workspace_id=workspace, query=query).total


def test_what_is_posted_after_the_close_belongs_to_the_open_period(
    session: Session, workspace: UUID, claim: Claim, edge: datetime
) -> None:
    closed(session, workspace, edge)
    put_back(session, claim)
    booked = entries(session, claim)
    assert {e.dated_at is not None for e in booked if e.starts_at < edge} == {True}
    assert {e.dated_at for e in booked if e.starts_at >= edge} == {None}
    assert of(session, workspace, None, edge).active_ms == 0
    assert of(session, workspace, edge, None).active_ms == 90_000


def test_an_adjustment_of_closed_time_changes_only_the_open_period(
    session: Session, workspace: UUID, claim: Claim, edge: datetime
) -> None:
    put_back(session, claim)
    before = of(session, workspace, None, edge)
    assert (before.active_ms, before.cost) == (90_000, {"EUR": Decimal("0.90")})
    closed(session, workspace, edge)
    asked = ask(
        session,
        now=read_now(session),
        actor=Actor("person", claim.person_id),
        workspace_id=workspace,
        person_id=claim.person_id,
        claim_id=claim.id,
        wish=Wish(30_000, "not_working", "The telephone rang."),
    )
    zoe = add_person(session, workspace, "zoe", roles=["lead"])
    actor = Actor("person", zoe)
    grant(session, actor=actor, workspace_id=workspace, adjustment_id=asked.id, by=zoe)
    assert of(session, workspace, None, edge) == before
    later = of(session, workspace, edge, None)
    assert (later.active_ms, later.cost) == (-60_000, {"EUR": Decimal("-0.60")})


def test_only_what_is_over_is_closed_by_whole_quarters_and_never_backwards(
    session: Session, workspace: UUID, edge: datetime
) -> None:
    for until in (edge + QUARTER, edge - timedelta(minutes=1)):
        with pytest.raises(CloseRefused):
            closed(session, workspace, until)
    closed(session, workspace, edge - QUARTER)
    for until in (edge - QUARTER, edge - 2 * QUARTER):
        with pytest.raises(CloseRefused):
            closed(session, workspace, until)
    closed(session, workspace, edge)


def test_a_close_is_for_good(session: Session, workspace: UUID, edge: datetime) -> None:
    closed(session, workspace, edge)
    for statement in ("UPDATE period_closes SET until_at = now() - interval '1 year'", "DELETE FROM period_closes"):
        with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
            session.execute(text(statement))
