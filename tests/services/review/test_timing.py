"""What time does to items: marks, steps, relaxations and outcomes, on whatever state they are in."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import SYSTEM
from app.delivery.models import Delivery
from app.identity.models import Group
from app.kernel.clock import read_now
from app.kernel.ids import new_id
from app.queue.models import Item, Queue
from app.queue.queries import next_wake
from app.queue.service import lock_claim, move
from app.reports.invariants import check_invariants
from app.review.models import Draft
from app.review.queries import find_draft, open_body
from app.review.service import Overtaken, save_draft, tend_items
from app.review.service.posting import finish_claim
from app.submissions.models import Content, Submission
from app.submissions.queries import data_key, open_submission
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, active_ms, begin_earlier, correct, decisions, hand_in, look, take
from tests.factories.timing import let_pass, set_queue
from tests.factories.work import add_endpoint, add_item, add_items, add_policy, add_task_type
from tests.services.review.conftest import Hold

HOUR = {"deadline": "PT1H"}
WAKING = """SELECT id FROM items WHERE state IN ('waiting', 'reserved', 'claimed', 'held')
   AND wake_at <= clock_timestamp() ORDER BY wake_at LIMIT 100"""


def tend(session: Session, item: Item) -> Item:
    """Let the timers look at everything, and return the item as it is then."""
    tend_items(session=session, limit=100)
    session.expire_all()
    return session.get_one(Item, item.id)


def acts(session: Session, item: Item) -> list[str]:
    """Return what the trail says of an item, since it came in."""
    types = session.scalars(select(Event.type).where(Event.subject_id == item.id).order_by(Event.number))
    return [kind.removeprefix("item.") for kind in types][1:]


def body_of(session: Session, item: Item) -> dict[str, Any]:
    (decision,) = decisions(session)
    return open_body(decision.body, data_key(session, submission_id=item.submission_id))


def test_marks_come_in_order_and_once(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace, deadline="PT4H")
    assert item.wake_at == item.soon_at == item.due_at - timedelta(hours=1)
    assert tend(session, item).stage == "on_time"
    let_pass(session, item, hours=3, minutes=1)
    assert tend(session, item).stage == "due_soon"
    let_pass(session, item, hours=1)
    item = tend(session, item)
    assert (item.stage, item.state, item.wake_at) == ("breached", "waiting", None)
    assert acts(session, item) == ["due_soon", "breach"]
    assert check_invariants(session) == []


def test_a_mark_that_was_missed_is_not_made_up(session: Session, workspace: UUID) -> None:
    item = let_pass(session, add_item(session, workspace, **HOUR), hours=30)
    assert acts(session, tend(session, item)) == ["breach"]


def test_a_rejection_by_time_is_delivered_and_says_timeout(session: Session, workspace: UUID) -> None:
    endpoint = add_endpoint(session, workspace)
    item = add_item(session, workspace, endpoint=endpoint, on_timeout="reject", **HOUR)
    item = tend(session, let_pass(session, item, hours=2))
    (decision,) = decisions(session)
    assert (decision.status, decision.decided_by_kind, decision.decided_by) == ("rejected", "timeout", None)
    assert decision.final_at == decision.decided_at
    assert (item.state, session.get_one(Submission, item.submission_id).status) == ("decided", "rejected")
    assert body_of(session, item)["message"].startswith("Timeout: nobody judged this by ")
    (delivery,) = session.scalars(select(Delivery))
    assert (delivery.type, delivery.decision_id) == ("submission.decided", decision.id)
    assert acts(session, item) == ["breach", "time_out"]
    assert check_invariants(session) == []


def test_an_output_may_be_used_when_time_is_up(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace, on_timeout="use_output", **HOUR)
    item = tend(session, let_pass(session, item, hours=2))
    (decision,) = decisions(session)
    assert (decision.status, decision.decided_by_kind) == ("approved", "timeout")
    assert body_of(session, item)["output"] == {"city": "Bern"}
    assert check_invariants(session) == []


def test_what_is_of_high_risk_is_never_used_by_a_clock(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace, on_timeout="use_output", **HOUR)
    # However it came to be so: the check at the time-out does not rely on the door.
    item.high_risk = True
    session.flush()
    item = tend(session, let_pass(session, item, hours=2))
    (decision,) = decisions(session)
    assert decision.status == "rejected"
    assert "high risk" in body_of(session, item)["message"]


def test_actions_run_when_time_uses_them_and_not_otherwise(session: Session, workspace: UUID) -> None:
    action = {"name": "note", "args": {"n": 1}, "risk": {"level": "low"}}
    used = add_item(session, workspace, actions=[action], on_timeout="use_output", **HOUR)
    tend(session, let_pass(session, used, hours=2))
    (run,) = body_of(session, used)["actions"]
    assert (run["run"], run["args"]) == (True, {"n": 1})


def test_a_correction_that_stands_is_what_time_uses(session: Session, workspace: UUID, hold: Hold) -> None:
    add_task_type(session, workspace, approvals_required=2)
    claim = hold(on_timeout="use_output", **HOUR)
    hand_in(session, claim, correct("Basel"))
    item = session.get_one(Item, claim.item_id)
    tend(session, let_pass(session, item, hours=2))
    (decision,) = decisions(session)
    assert (decision.status, body_of(session, item)["output"]) == ("corrected", {"city": "Basel"})
    assert check_invariants(session) == []


def test_an_expired_submission_is_told_and_has_no_decision(session: Session, workspace: UUID) -> None:
    endpoint = add_endpoint(session, workspace, "submission.decided", "submission.expired")
    item = add_item(session, workspace, endpoint=endpoint, on_timeout="expire", **HOUR)
    item = tend(session, let_pass(session, item, hours=2))
    submission = session.get_one(Submission, item.submission_id)
    assert (item.state, submission.status) == ("expired", "expired")
    assert submission.final_at is not None
    assert decisions(session) == []
    (delivery,) = session.scalars(select(Delivery))
    assert (delivery.type, delivery.decision_id) == ("submission.expired", None)
    assert check_invariants(session) == []


@pytest.mark.parametrize(("on_timeout", "state"), [("reject", "decided"), ("expire", "expired")])
def test_a_holder_loses_it_her_time_is_posted_and_her_text_kept(
    session: Session, workspace: UUID, hold: Hold, on_timeout: str, state: str
) -> None:
    claim = begin_earlier(session, hold(on_timeout=on_timeout, **HOUR), 60)
    save_draft(
        session,
        now=read_now(session),
        workspace_id=workspace,
        person_id=claim.person_id,
        claim_id=claim.id,
        body={"output": {"city": "Ba"}},
    )
    item = tend(session, let_pass(session, session.get_one(Item, claim.item_id), hours=2))
    assert item.state == state
    session.refresh(claim)
    assert claim.outcome == "timed_out"
    assert 60_000 <= active_ms(session, claim) < 70_000
    key = open_submission(session, workspace_id=workspace, submission_id=item.submission_id).key
    text, _ = find_draft(session, item_id=item.id, person_id=claim.person_id, key=key)
    assert text == {"output": {"city": "Ba"}}
    answer = hand_in(session, claim, correct("Basel"))
    assert isinstance(answer, Overtaken)
    assert answer.state == item.state
    assert (answer.decision is None) == (on_timeout == "expire")
    assert session.get_one(Draft, answer.draft_id).lost
    assert check_invariants(session) == []


@pytest.mark.parametrize("act", ["hold", "reserve"])
def test_it_strikes_what_is_held_or_reserved(
    session: Session, workspace: UUID, ada: UUID, hold: Hold, act: str
) -> None:
    item = add_item(session, workspace, on_timeout="reject", **HOUR)
    now = read_now(session)
    if act == "hold":
        claim = take(session, workspace, ada, item_id=item.id)
        locked = lock_claim(session, workspace_id=workspace, person_id=ada, claim_id=claim.id)
        with session.no_autoflush:
            locked.item.held_by = ada
            finish_claim(session, now=now, actor=SYSTEM, locked=locked, act="hold", ended_at=read_now(session))
    else:
        with session.no_autoflush:
            item.held_by, item.reserved_until = ada, now + timedelta(days=1)
            move(session, now=now, actor=SYSTEM, item=item, act="reserve")
    item = tend(session, let_pass(session, item, hours=2))
    assert (item.state, item.held_by, item.reserved_until) == ("decided", None, None)
    assert check_invariants(session) == []


def steps(*given: dict[str, Any]) -> dict[str, Any]:
    return {"escalation": list(given)}


def test_a_step_is_taken_in_its_time_and_leaves_the_deadline(session: Session, workspace: UUID, ada: UUID) -> None:
    item = add_item(
        session,
        workspace,
        deadline="PT4H",
        on_timeout="reject",
        **steps({"after": "PT1H", "to": {"queue": "second", "leads": True}, "priority": 90}),
    )
    before = item.sort_key
    due_at = let_pass(session, item, hours=1, minutes=1).due_at
    item = tend(session, item)
    assert (item.tier, item.for_lead, item.priority, item.state, item.stage) == (1, True, 90, "waiting", "on_time")
    assert item.sort_key < before
    assert session.get_one(Queue, item.queue_id).name == "second"
    assert item.due_at == due_at
    assert item.wake_at == item.soon_at
    assert look(session, workspace, ada)["waiting"] == 1
    item = tend(session, let_pass(session, item, hours=4))
    assert acts(session, item) == ["escalate", "breach", "time_out"]
    assert check_invariants(session) == []


def test_a_time_out_that_escalates_takes_the_next_step_and_gives_new_time(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, on_last_timeout="expire")
    item = add_item(
        session,
        workspace,
        deadline="PT10M",
        on_timeout="escalate",
        **steps({"after": "PT1H", "to": {"leads": True}}, {"after": "PT2H", "priority": 100}),
    )
    item = tend(session, let_pass(session, item, minutes=11))
    now = read_now(session)
    assert (item.tier, item.for_lead, item.stage) == (1, True, "on_time")
    assert abs(item.due_at - now - timedelta(hours=2)) < timedelta(seconds=10)
    item = tend(session, let_pass(session, item, hours=2, minutes=1))
    assert (item.tier, item.priority) == (2, 100)
    assert abs(item.due_at - read_now(session) - timedelta(hours=2)) < timedelta(seconds=10)
    item = tend(session, let_pass(session, item, hours=3))
    assert item.state == "expired"
    assert [a for a in acts(session, item) if a != "due_soon"] == [
        "breach",
        "escalate",
        "breach",
        "escalate",
        "breach",
        "expire",
    ]


def test_an_escalation_leaves_the_holder_in_peace(session: Session, workspace: UUID, hold: Hold) -> None:
    claim = hold(deadline="PT10M", **steps({"after": "PT1H", "to": {"leads": True}}))
    item = tend(session, let_pass(session, session.get_one(Item, claim.item_id), minutes=11))
    assert (item.state, item.tier, claim.ended_at) == ("claimed", 1, None)
    hand_in(session, claim, APPROVE)
    assert check_invariants(session) == []


def test_a_step_names_groups_instead_of_the_candidates_before(session: Session, workspace: UUID, ada: UUID) -> None:
    group = Group(id=new_id(), workspace_id=workspace, name="experts", created_at=read_now(session))
    session.add(group)
    session.flush()
    item = add_item(session, workspace, **steps({"after": "PT1H", "to": {"groups": ["experts"]}}))
    item.candidates = [ada]
    session.flush()
    assert tend(session, let_pass(session, item, minutes=61)).candidates == [group.id]


def test_skills_are_relaxed_after_their_time(session: Session, workspace: UUID, ada: UUID) -> None:
    add_policy(session, workspace, rules=[{"name": "r", "when": "true", "outcome": "review", "skills": ["de", "fr"]}])
    set_queue(
        session,
        workspace,
        relaxations=[{"after_ms": 600_000, "drop": ["fr"]}, {"after_ms": 1_200_000, "drop": ["de"]}],
    )
    item = add_item(session, workspace)
    assert item.wake_at == item.created_at + timedelta(minutes=10)
    item = tend(session, let_pass(session, item, minutes=11))
    assert item.skills == ["de"]
    assert "claim" not in look(session, workspace, ada)
    item = tend(session, let_pass(session, item, minutes=10))
    assert (item.skills, item.relaxed) == ([], 2)
    assert take(session, workspace, ada).item_id == item.id
    assert acts(session, item)[:2] == ["relax", "relax"]


def test_candidates_fall_when_none_of_them_comes(session: Session, workspace: UUID, ada: UUID, bob: UUID) -> None:
    set_queue(session, workspace, relaxations=[{"after_ms": 600_000, "candidates": True}])
    item = add_item(session, workspace)
    item.candidates = [bob]
    session.flush()
    look(session, workspace, ada)
    assert tend(session, let_pass(session, item, minutes=11)).candidates is None
    assert take(session, workspace, ada).item_id == item.id
    # One that asked for nothing that falls is counted, and the trail says nothing of it.
    other = tend(session, let_pass(session, add_item(session, workspace), minutes=11))
    assert (other.relaxed, acts(session, other)) == (1, [])


def test_an_assignment_lapses_and_a_reservation_ends(session: Session, workspace: UUID, ada: UUID, bob: UUID) -> None:
    given = add_item(session, workspace)
    given.assigned_to, given.assigned_until = ada, read_now(session) + timedelta(hours=1)
    ready = add_item(session, workspace)
    ready.state, ready.held_by, ready.reserved_until = "reserved", bob, read_now(session) + timedelta(seconds=60)
    given.wake_at, ready.wake_at = given.assigned_until, ready.reserved_until
    session.flush()
    assert tend(session, given).assigned_to == ada
    given = tend(session, let_pass(session, given, hours=1, minutes=1))
    assert (given.assigned_to, given.assigned_until) == (None, None)
    ready = tend(session, let_pass(session, ready, minutes=2))
    assert (ready.state, ready.held_by) == ("waiting", None)


def test_moving_an_item_brings_its_look_forward(session: Session, workspace: UUID, ada: UUID) -> None:
    item, now = add_item(session, workspace), read_now(session)
    with session.no_autoflush:
        item.held_by, item.reserved_until = ada, now + timedelta(seconds=60)
        move(session, now=now, actor=SYSTEM, item=item, act="reserve")
    assert item.wake_at == now + timedelta(seconds=60)
    assert next_wake(session) == now + timedelta(seconds=60)


def test_one_bad_item_holds_up_no_other(session: Session, workspace: UUID) -> None:
    bad = let_pass(session, add_item(session, workspace, on_timeout="reject", **HOUR), hours=3)
    good = let_pass(session, add_item(session, workspace, on_timeout="reject", **HOUR), hours=2)
    session.get_one(Content, bad.submission_id).body = b"no longer what it was"
    session.flush()
    assert tend(session, good).state == "decided"
    session.refresh(bad)
    assert bad.state == "waiting"
    assert bad.wake_at is not None
    assert bad.wake_at > read_now(session)


def test_a_lead_may_take_what_was_passed_up(session: Session, workspace: UUID, ada: UUID) -> None:
    lead = add_person(session, workspace, "lea", roles=["lead"])
    item = add_item(session, workspace, **steps({"after": "PT1H", "to": {"leads": True}}))
    tend(session, let_pass(session, item, minutes=61))
    assert look(session, workspace, ada)["waiting"] == 1
    assert take(session, workspace, lead).item_id == item.id


def test_a_deadline_that_has_gone_by_is_kept_at_once(session: Session, workspace: UUID) -> None:
    item = add_item(session, workspace, deadline="2020-01-01T00:00:00Z", on_timeout="expire")
    assert item.wake_at == item.due_at
    assert tend(session, item).state == "expired"


def test_what_has_to_be_looked_at_is_found_by_one_index(session: Session, workspace: UUID) -> None:
    add_items(session, workspace, 5_000, deadline="PT8H")
    let_pass(session, add_item(session, workspace, deadline="PT8H"), hours=9)
    session.execute(text("ANALYZE items"))
    for query in (WAKING, "SELECT min(wake_at) FROM items WHERE state IN ('waiting', 'reserved', 'claimed', 'held')"):
        plan = str(session.scalar(text(f"EXPLAIN (FORMAT JSON) {query}")))
        assert "ix_items_wake" in plan
        assert "Seq Scan" not in plan
        assert "'Sort'" not in plan
