"""Each promise of a live system: kept after a day's work, with room for what is under way."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.delivery.models import Delivery
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Claim
from app.reports.invariants import Violation, check_invariants, handover
from tests.factories.people import add_person
from tests.factories.reviewing import take
from tests.factories.work import add_item, add_task_type
from tests.services.reports.breaking import break_it
from tests.services.reports.day import live_a_day


@pytest.fixture
def day(session: Session, workspace: UUID) -> None:
    """A day's work in Acme, and a second workspace beside it."""
    create_workspace(session, now=read_now(session), name="Other")
    live_a_day(session, workspace)


@pytest.mark.usefixtures("day")
def test_after_a_day_of_everything_no_promise_is_broken(session: Session) -> None:
    assert check_invariants(session) == []


def test_an_empty_database_breaks_no_promise(session: Session) -> None:
    assert check_invariants(session) == []


def test_what_has_just_run_out_is_left_to_the_sweeper(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    add_item(session, workspace)
    take(session, workspace, add_person(session, workspace))
    session.execute(update(Claim).values(expires_at=read_now(session) - timedelta(seconds=50)))
    assert check_invariants(session) == []


@pytest.mark.usefixtures("day")
@pytest.mark.parametrize(
    "excuse",
    [
        "UPDATE endpoints SET disabled_at = clock_timestamp()",
        "UPDATE deliveries SET leased_until = clock_timestamp() + interval '1 minute'",
        "UPDATE deliveries SET state = 'parked'",
    ],
)
def test_a_delivery_with_an_excuse_is_not_overdue(session: Session, excuse: str) -> None:
    long_ago = read_now(session) - timedelta(hours=1)
    session.execute(update(Delivery).values(next_attempt_at=long_ago))
    break_it(session, excuse)
    assert check_invariants(session) == []


@pytest.mark.usefixtures("day")
def test_a_delivery_behind_an_earlier_one_of_its_submission_is_not_overdue_itself(session: Session) -> None:
    delivery = session.scalars(select(Delivery).limit(1)).one()
    columns = {c.key: getattr(delivery, c.key) for c in Delivery.__table__.columns}
    later = {**columns, "id": UUID(int=delivery.id.int + 1), "type": "submission.superseded"}
    session.add(Delivery(**later))
    session.flush()
    session.execute(update(Delivery).values(next_attempt_at=read_now(session) - timedelta(hours=1)))
    found = [v for v in check_invariants(session) if v.rule == handover.OVERDUE_DELIVERIES.rule]
    assert len(found) == len(session.scalars(select(Delivery)).all()) - 1


def test_a_breach_reads_as_one_line_for_an_operator() -> None:
    line = str(Violation("a promise", "it_1", "is broken"))
    assert re.fullmatch(r"a promise: it_1 is broken", line)
