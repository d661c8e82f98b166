"""A queue's order is changed: the items that wait get their new place bit by bit, new ones at once."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.queue.models import HandlingTime, Item
from app.queue.queries import list_rekeying
from app.queue.rules import explain_score, place_in_line
from app.queue.service import keep_handling_times, rekey
from app.review.service import measure_handling, tend_items
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, begin_earlier, hand_in, heard, take
from tests.factories.timing import set_queue
from tests.factories.work import add_item, add_items, add_policy, add_task_type


@pytest.fixture(autouse=True)
def address(session: Session, workspace: UUID) -> None:
    """The task type `address`, without a policy: everything waits."""
    add_task_type(session, workspace)


def in_line(session: Session) -> list[Item]:
    session.expire_all()
    return list(session.scalars(select(Item).order_by(Item.sort_key, Item.id)))


def risky(level: str) -> list[dict[str, object]]:
    return [{"name": "pay", "args": {}, "risk": {"level": level}}]


def test_what_waits_is_ordered_anew_in_batches_and_what_comes_at_once(session: Session, workspace: UUID) -> None:
    levels = ["low", "critical", "medium", "high", "low"]
    waiting = [add_item(session, workspace, actions=risky(level)) for level in levels]
    assert [i.id for i in in_line(session)] == [i.id for i in waiting]
    queue = set_queue(session, workspace, value_order=True)
    assert list_rekeying(session) == [queue.id]
    newest = add_item(session, workspace, actions=risky("critical"))
    assert [rekey(session, queue_id=queue.id, limit=4) for _ in range(3)] == [4, 2, 0]
    ranks = ["critical", "critical", "high", "medium", "low", "low"]
    assert [i.value_terms["risk"] for i in in_line(session)] == ranks
    assert in_line(session)[1].id == newest.id
    now = read_now(session)
    scores = [
        explain_score(i.value_terms, due_at=i.due_at, half_life_ms=queue.half_life_ms, now=now)["score"]
        for i in in_line(session)
    ]
    assert scores == sorted(scores, reverse=True)
    for item in in_line(session):
        again = place_in_line(item, value_order=True, half_life_ms=queue.half_life_ms)
        assert item.sort_key == again


def test_it_goes_on_until_nothing_of_before_can_come_any_more(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    queue = set_queue(session, workspace, value_order=True)
    assert rekey(session, queue_id=queue.id, limit=10) == 1
    assert rekey(session, queue_id=queue.id, limit=10) == 0
    assert list_rekeying(session) == [queue.id]
    queue.changed_at = read_now(session) - timedelta(seconds=61)
    session.flush()
    assert rekey(session, queue_id=queue.id, limit=10) == 0
    assert list_rekeying(session) == []
    assert rekey(session, queue_id=queue.id, limit=10) == 0


def test_back_to_due_times(session: Session, workspace: UUID) -> None:
    queue = set_queue(session, workspace, value_order=True)
    items = [add_item(session, workspace, actions=risky(level)) for level in ("low", "critical")]
    assert [i.id for i in in_line(session)] == [i.id for i in reversed(items)]
    set_queue(session, workspace, value_order=False)
    rekey(session, queue_id=queue.id, limit=10)
    assert [i.id for i in in_line(session)] == [i.id for i in items]


def test_a_thousand_waiting_items_are_placed_in_one_go(session: Session, workspace: UUID) -> None:
    add_items(session, workspace, 1_000)
    queue = set_queue(session, workspace, value_order=True, half_life_ms=3_600_000)
    assert rekey(session, queue_id=queue.id, limit=1_000) == 1_000
    assert len({i.sort_key for i in in_line(session)}) == 1


def test_items_learn_of_relaxations_that_come_later(session: Session, workspace: UUID) -> None:
    add_policy(session, workspace, rules=[{"name": "r", "when": "true", "outcome": "review", "skills": ["de"]}])
    item = add_item(session, workspace)
    before = item.wake_at
    queue = set_queue(session, workspace, relaxations=[{"after_ms": 60_000, "drop": ["de"]}])
    rekey(session, queue_id=queue.id, limit=10)
    tend_items(session=session, limit=10)
    (item,) = in_line(session)
    assert item.wake_at == item.created_at + timedelta(seconds=60)
    assert before is not None
    assert item.wake_at < before


def test_a_longer_window_marks_due_soon_earlier(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace, deadline="PT5H")
    queue = set_queue(session, workspace, soon_ms=4 * 3_600_000)
    rekey(session, queue_id=queue.id, limit=10)
    tend_items(session=session, limit=10)
    (item,) = in_line(session)
    assert item.soon_at == item.due_at - timedelta(hours=4)


def test_expected_minutes_are_the_median_of_what_was_measured(session: Session, workspace: UUID) -> None:
    ada = add_person(session, workspace, "ada")
    assert add_item(session, workspace).expected_ms == 120_000
    hand_in(session, take(session, workspace, ada))
    for seconds in (20, 30, 40, 50, 60):
        add_item(session, workspace)
        claim = begin_earlier(session, take(session, workspace, ada), seconds)
        heard(session, claim, seconds)
        hand_in(session, claim, APPROVE)
    assert measure_handling(session, now=read_now(session)) == 1
    (measured,) = session.scalars(select(HandlingTime))
    assert measured.claims >= 5
    assert add_item(session, workspace).expected_ms == max(1_000, measured.median_ms)


def test_a_few_reviews_say_nothing_yet(session: Session, workspace: UUID) -> None:
    now = read_now(session)
    assert keep_handling_times(session, now=now, measured=[(workspace, "address", 5_000, 4)]) == 0
    assert keep_handling_times(session, now=now, measured=[(workspace, "address", 5_000, 5)]) == 1
    assert keep_handling_times(session, now=now, measured=[(workspace, "address", 7_000, 9)]) == 1
    assert add_item(session, workspace).expected_ms == 7_000
