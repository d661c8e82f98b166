"""The sweeps that wake by the clock: what they do, and that only one place does it at a time."""

from datetime import timedelta
from functools import partial
from typing import Final

from sqlalchemy import func, insert, select

from app.identity.models import SignInAttempt
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Item, QueueLoad
from app.queue.queries import next_expiry, next_wake
from app.queue.service import lock_item
from app.reports.invariants import check_invariants
from app.submissions.models import IdempotentAnswer
from tests.factories.people import add_key
from tests.factories.reviewing import run_out, take
from tests.factories.timing import let_pass, set_queue
from tests.factories.work import add_item
from tests.workers.conftest import Desk
from workers.claims import expire
from workers.forgetting import forget
from workers.loads import count_due
from workers.task import Tools, is_alone
from workers.timers import measure, reorder, tend

TIMED: Final = {"deadline": "PT1H", "on_timeout": "reject"}


def keep_answers(desk: Desk, *ages: timedelta) -> None:
    """Keep an answer and a sign-in try of each age."""
    with desk.database.unit_of_work() as session:
        now, key_id = read_now(session), add_key(session, desk.workspace_id)
        for number, age in enumerate(ages):
            session.execute(
                insert(IdempotentAnswer).values(
                    key_id=key_id,
                    idempotency_key=str(number),
                    request_sha256=b"",
                    status_code=201,
                    body=b"{}",
                    created_at=now - age,
                )
            )
            session.execute(
                insert(SignInAttempt).values(account_sha256=b"", address="192.0.2.1", at=now - age, succeeded=False)
            )


def count(database: Database) -> tuple[int | None, int | None]:
    with database.unit_of_work() as session:
        return (
            session.scalar(select(func.count()).select_from(IdempotentAnswer)),
            session.scalar(select(func.count()).select_from(SignInAttempt)),
        )


def test_answers_are_forgotten_after_seven_days_and_sign_in_tries_after_thirty(desk: Desk, tools: Tools) -> None:
    keep_answers(desk, timedelta(days=6, hours=23), timedelta(days=7, hours=1), timedelta(days=31))
    assert forget(tools) == 3
    assert count(desk.database) == (1, 2)
    assert forget(tools) == 0


def test_overdue_claims_are_ended_and_live_ones_left(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        item = add_item(session, desk.workspace_id)
        claim = take(session, desk.workspace_id, desk.person_id)
    assert expire(tools) == 0
    with desk.database.unit_of_work() as session:
        run_out(session, claim)
    assert expire(tools) == 1
    assert expire(tools) == 0
    with desk.database.unit_of_work() as session:
        assert session.get_one(Item, item.id).state == "waiting"


def test_only_one_place_sweeps_at_a_time(desk: Desk, tools: Tools) -> None:
    keep_answers(desk, timedelta(days=8))
    with desk.database.unit_of_work() as session:
        add_item(session, desk.workspace_id)
        run_out(session, take(session, desk.workspace_id, desk.person_id))
    with desk.database.unit_of_work() as elsewhere:
        assert is_alone(elsewhere, "claims")
        assert is_alone(elsewhere, "forgetting")
        assert (expire(tools), forget(tools)) == (0, 0)
    assert (expire(tools), forget(tools)) == (1, 1)


def test_every_item_that_is_due_is_tended_in_batches(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        late = [let_pass(session, add_item(session, desk.workspace_id, **TIMED), hours=2).id for _ in range(120)]
        early = add_item(session, desk.workspace_id, deadline="PT4H", on_timeout="reject").id
    # One look gives way after a while; a busy machine needs a second one.
    assert sum(iter(partial(tend, tools), 0)) == 120
    with desk.database.unit_of_work() as session:
        assert {session.get_one(Item, item_id).state for item_id in late} == {"decided"}
        assert session.get_one(Item, early).state == "waiting"
        assert check_invariants(session) == []


def test_an_item_that_somebody_works_on_is_not_waited_for(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        item_id = let_pass(session, add_item(session, desk.workspace_id, **TIMED), hours=2).id
    with desk.database.unit_of_work() as elsewhere:
        lock_item(elsewhere, item_id=item_id)
        assert tend(tools) == 1
    with desk.database.unit_of_work() as session:
        assert session.get_one(Item, item_id).state == "waiting"
    assert tend(tools) == 1
    with desk.database.unit_of_work() as session:
        assert session.get_one(Item, item_id).state == "decided"


def test_timers_and_reordering_are_done_in_one_place_at_a_time(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        let_pass(session, add_item(session, desk.workspace_id, **TIMED), hours=2)
        set_queue(session, desk.workspace_id, value_order=True)
        add_item(session, desk.workspace_id)
    with desk.database.unit_of_work() as elsewhere:
        assert is_alone(elsewhere, "timers")
        assert is_alone(elsewhere, "reordering")
        assert is_alone(elsewhere, "measuring")
        assert (tend(tools), reorder(tools), measure(tools)) == (0, 0, 0)
    assert (tend(tools), reorder(tools), measure(tools)) == (1, 1, 0)


def test_the_next_look_is_at_whatever_is_due_first(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        assert (next_wake(session), next_expiry(session)) == (None, None)
        item = add_item(session, desk.workspace_id, deadline="PT4H")
        assert next_wake(session) == item.soon_at
        claim = take(session, desk.workspace_id, desk.person_id)
        assert next_expiry(session) == claim.expires_at


def test_queues_are_counted_once_and_then_left_alone(desk: Desk, tools: Tools) -> None:
    with desk.database.unit_of_work() as session:
        add_item(session, desk.workspace_id)
    assert count_due(tools) == 1
    assert count_due(tools) == 0
    with desk.database.unit_of_work() as session:
        assert session.scalars(select(QueueLoad.waiting)).one() == 1
