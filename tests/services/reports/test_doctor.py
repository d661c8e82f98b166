"""Where nothing moves the doctor says why: of the person, of the queue and of the item, and to nobody too much."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.queries import NoSuchPerson
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Item
from app.queue.queries import NoSuchItem, NoSuchQueue, look_along
from app.queue.rules import Worker
from app.queue.rules.diagnosis import SAYS
from app.reports.doctor import diagnose_item, diagnose_person, diagnose_queue, look_at_queue
from app.review.service import NothingToClaim, measure_loads, take_item
from tests.factories.people import add_person
from tests.factories.reviewing import put_back, take
from tests.factories.work import add_item, add_items, add_task_type
from tests.services.reports.deadlocks import DEADLOCKS, Scene

# Nobody is handed anything then, so there is no empty answer to look at.
NEVER_ASK = {"her_role_may_not_review", "she_is_disabled", "a_lease_ran_out_and_nobody_swept"}


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """The one reviewer of a workspace with one kind of work."""
    add_task_type(session, workspace)
    return add_person(session, workspace)


@pytest.mark.parametrize("name", DEADLOCKS)
def test_the_doctor_says_why_nothing_moves(session: Session, workspace: UUID, ada: UUID, name: str) -> None:
    deadlock = DEADLOCKS[name]
    item = deadlock.make(Scene(session, workspace, ada))
    asked: dict[str, Any] = {"now": read_now(session), "workspace_id": workspace}
    if name not in NEVER_ASK:
        nothing = take_item(session, workspace_id=workspace, person_id=ada, actor=Actor("person", ada), channel="api")
        assert isinstance(nothing, NothingToClaim)
        assert deadlock.ada == "nothing_waiting" or nothing.why[deadlock.ada] == 1
        assert nothing.why.get("free", 0) == 0
    of_ada = diagnose_person(session, **asked, person_id=ada)
    assert deadlock.ada in of_ada.reasons
    assert of_ada.free == 0
    of_queue = diagnose_queue(session, **asked, queue_id=item.queue_id)
    assert set(of_queue.reasons) == deadlock.queue
    of_item = diagnose_item(session, **asked, item_id=item.id)
    assert set(of_item.reasons) == deadlock.item
    assert not any(p.member.as_seen.present and not p.reasons for p in of_item.people) or item.state != "waiting"
    words = {*of_ada.reasons, *of_queue.reasons, *of_item.reasons, *of_item.lacking}
    assert words <= set(SAYS)


def test_there_are_twenty_and_more() -> None:
    assert len(DEADLOCKS) >= 20


def test_whoever_could_have_something_is_told_so(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(session, workspace)
    add_item(session, workspace)
    found = diagnose_person(session, now=read_now(session), workspace_id=workspace, person_id=ada)
    assert (found.free, found.waiting, found.reasons, found.obstacles) == (2, 2, {}, ())
    assert found.next_due_at is not None
    of_item = diagnose_item(session, now=read_now(session), workspace_id=workspace, item_id=item.id)
    assert (of_item.eligible, of_item.eligible_ever) == (1, 1)
    assert [timer.act for timer in of_item.timers] == ["due_soon", "breach"]


def test_what_she_skipped_comes_last_and_is_said(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    put_back(session, take(session, workspace, ada), "skip")
    found = diagnose_person(session, now=read_now(session), workspace_id=workspace, person_id=ada)
    assert (found.free, found.skipped, found.reasons) == (1, 1, {"skipped": 1})


def test_a_queue_says_who_could_work_it_and_who_is_there(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(session, workspace)
    take(session, workspace, add_person(session, workspace, "bob"))
    add_person(session, workspace, "cleo", queues=["finance"])
    add_person(session, workspace, "dora", roles=["finance"])
    found = diagnose_queue(session, now=read_now(session), workspace_id=workspace, queue_id=item.queue_id)
    assert found.people == {
        "able": 2,
        "present": 1,
        "no_review_right": 1,
        "other_queue": 1,
        "paused": 0,
        "at_capacity": 0,
    }
    assert [(lease.item_id, lease.name) for lease in found.state.leases.shown] == [(item.id, "bob")]
    assert found.state.leases.next_expiry_at == found.state.leases.all[0].expires_at


def test_a_long_queue_is_looked_at_up_to_a_bound_and_says_so(session: Session, workspace: UUID, ada: UUID) -> None:
    add_items(session, workspace, 30)
    queue_id = session.scalars(select(Item.queue_id).limit(1)).one()
    worker = Worker(ada, (), (), ())
    line = look_along(session, workspace_id=workspace, worker=worker, at_most=10)
    assert (line.waiting, line.why, line.capped, line.counted_at) == (10, {"other_queue": 10}, True, None)
    measure_loads(session, now=read_now(session))
    line = look_along(session, workspace_id=workspace, worker=worker, at_most=10)
    assert (line.waiting, line.why, line.capped) == (30, {"other_queue": 30}, True)
    assert line.counted_at is not None
    state = look_at_queue(session, now=read_now(session), workspace_id=workspace, queue_id=queue_id)
    assert (state.waiting, state.capped) == (30, False)


def test_other_workspaces_do_not_exist(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(session, workspace)
    other: dict[str, Any] = {
        "now": read_now(session),
        "workspace_id": create_workspace(session, now=read_now(session), name="Other").id,
    }
    with pytest.raises(NoSuchPerson):
        diagnose_person(session, **other, person_id=ada)
    with pytest.raises(NoSuchQueue):
        diagnose_queue(session, **other, queue_id=item.queue_id)
    with pytest.raises(NoSuchItem):
        diagnose_item(session, **other, item_id=item.id)
