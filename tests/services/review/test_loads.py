"""Queues are counted in the background, and what comes in learns from that how long it will wait."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.queue.models import Claim, Item, Queue, QueueLoad
from app.queue.queries import find_load, list_queues, next_count_at
from app.queue.service import Work, count_load, leave_uncounted
from app.review.service import measure_loads, work_to_count
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, hand_in, take
from tests.factories.work import add_item, send


def queue_of(session: Session) -> Queue:
    return session.scalars(select(Queue)).one()


def load_of(session: Session) -> QueueLoad:
    load = find_load(session, queue_id=queue_of(session).id)
    assert load is not None
    return load


def test_what_waits_is_counted_by_priority_and_by_time(session: Session, workspace: UUID, bob: UUID) -> None:
    late, soon, far, given = (add_item(session, workspace, priority=p) for p in (50, 50, 80, 50))
    now = read_now(session)
    for item, due_at in ((late, now - timedelta(hours=1)), (soon, now + timedelta(minutes=1))):
        item.due_at, item.soon_at = due_at, due_at - timedelta(minutes=30)
    given.assigned_to, given.assigned_until = bob, now + timedelta(hours=1)
    late.created_at = now - timedelta(days=2)
    session.flush()
    assert measure_loads(session, now=now) == 1
    load = load_of(session)
    assert (load.waiting, load.due_soon, load.breached, load.complete) == (4, 1, 1, True)
    assert load.by_priority == {"50": 2, "80": 1}
    assert (load.oldest_at, load.next_due_at) == (late.created_at, soon.due_at)
    assert (load.decided_last_hour, load.handle_ms, load.people_working) == (0, None, 0)
    assert far.due_at > soon.due_at


def test_a_queue_is_left_alone_until_its_time_has_come(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    now = read_now(session)
    assert next_count_at(session) is None
    assert measure_loads(session, now=now) == 1
    again_at = next_count_at(session)
    assert again_at is not None
    assert again_at >= now + timedelta(seconds=15)
    assert work_to_count(session, now=again_at - timedelta(seconds=1)) == []
    assert measure_loads(session, now=again_at) == 1


def test_what_was_decided_and_who_is_at_work_is_measured(session: Session, workspace: UUID, ada: UUID) -> None:
    bob = add_person(session, workspace, "bob")
    for _ in range(3):
        add_item(session, workspace)
    decided = take(session, workspace, ada)
    hand_in(session, decided, APPROVE)
    take(session, workspace, bob)
    measure_loads(session, now=read_now(session) + timedelta(minutes=1))
    load = load_of(session)
    assert (load.waiting, load.decided_last_hour, load.people_working) == (1, 1, 2)
    session.execute(update(Claim).where(Claim.ended_at.is_(None)).values(expires_at=read_now(session)))
    measure_loads(session, now=read_now(session) + timedelta(minutes=16))
    assert load_of(session).people_working == 0


def test_no_more_is_counted_than_is_worth_it(session: Session, workspace: UUID) -> None:
    for _ in range(3):
        add_item(session, workspace)
    count_load(session, now=read_now(session), queue_id=queue_of(session).id, work=Work(), at_most=2)
    assert (load_of(session).waiting, load_of(session).complete) == (2, False)


def test_a_queue_that_cannot_be_counted_keeps_its_count(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    now = read_now(session)
    queue = queue_of(session)
    leave_uncounted(session, now=now, queue_id=queue.id)
    assert (load_of(session).waiting, load_of(session).complete) == (0, False)
    count_load(session, now=now, queue_id=queue.id, work=Work())
    leave_uncounted(session, now=now, queue_id=queue.id)
    load = load_of(session)
    assert (load.waiting, load.complete, load.count_again_at) == (1, True, now + timedelta(minutes=10))


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (Work(0, 60_000, 2), timedelta(minutes=1)),
        (Work(4, None, 0), timedelta(minutes=30)),
        (Work(0, 60_000, 0), None),
    ],
)
def test_whoever_submits_learns_how_long_it_will_take(
    session: Session, workspace: UUID, work: Work, expected: timedelta | None
) -> None:
    first = send(session, workspace)
    assert first.expected_wait is None
    add_item(session, workspace)
    count_load(session, now=read_now(session), queue_id=queue_of(session).id, work=work)
    assert send(session, workspace).expected_wait == expected
    high = send(session, workspace, priority=90).expected_wait
    assert high == (None if expected is None else timedelta(0))


def test_a_paused_queue_promises_nothing(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    count_load(session, now=read_now(session), queue_id=queue_of(session).id, work=Work(10, 60_000, 2))
    session.execute(update(Queue).values(paused_at=read_now(session)))
    assert send(session, workspace).expected_wait is None
    assert session.scalars(select(Item.state)).all() == ["waiting", "waiting"]


def test_a_long_queue_is_listed_as_it_was_last_counted(session: Session, workspace: UUID, ada: UUID) -> None:
    for _ in range(4):
        add_item(session, workspace)
    take(session, workspace, ada)
    now = read_now(session)
    asked: dict[str, Any] = {"workspace_id": workspace, "now": now, "soon": timedelta(hours=1), "at_most": 2}
    (line,) = list_queues(session, **asked)
    assert (line.waiting, line.claimed, line.capped, line.counted_at) == (2, 1, True, now)
    measure_loads(session, now=now - timedelta(seconds=5))
    (line,) = list_queues(session, **asked)
    assert (line.waiting, line.capped, line.counted_at) == (3, False, now - timedelta(seconds=5))
    (line,) = list_queues(session, **{**asked, "at_most": 100})
    assert (line.waiting, line.capped, line.counted_at) == (3, False, now)
