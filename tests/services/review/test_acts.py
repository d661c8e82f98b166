"""What can be done with an item besides judging it: keep it, have it ready, give it to somebody, pass it up, undo."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import COMMAND, Actor
from app.kernel.clock import read_now
from app.kernel.errors import Invalid
from app.queue.models import Item, Queue
from app.queue.service import ClaimLost
from app.reports.invariants import check_invariants
from app.review.queries import open_claim
from app.review.service import (
    CannotTakeIt,
    ask_second_opinion,
    assign_item,
    cancel,
    disable_reviewer,
    end_reservation,
    escalate_claim,
    free_reservations,
    give_back,
    hand_over,
    hold,
    reserve_ahead,
    reserve_ahead_if_plenty,
    unhold_item,
)
from app.review.service.giving_back import NobodyAbove, ReasonNeeded, Unskippable
from tests.factories.people import add_person
from tests.factories.reviewing import begin_earlier, decided, hand_in, look, of, take
from tests.factories.work import add_item
from tests.services.review.acting import item_of
from tests.services.review.conftest import Hold


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds."""
    yield
    assert check_invariants(session) == []


# Holding


def test_what_is_held_is_nobody_elses_and_goes_on_with_a_new_token(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = begin_earlier(session, hold_one(), 20)
    hold(session, **of(claim), note="Asked the customer.")
    item = item_of(session, claim)
    assert (item.state, item.held_by, claim.outcome) == ("held", ada, "held")
    look(session, workspace, bob)
    again = take(session, workspace, ada, item_id=item.id)
    assert (again.token, item_of(session, claim).state, item_of(session, claim).held_by) == (2, "claimed", None)
    assert [n.text for n in open_claim(session, claim=again).notes] == ["Asked the customer."]


def test_a_verdict_under_the_token_from_before_decides_what_is_held(session: Session, hold_one: Hold) -> None:
    claim = hold_one()
    hold(session, **of(claim))
    decision = decided(hand_in(session, claim))
    assert (decision.status, decision.late, item_of(session, claim).state) == ("approved", True, "decided")


def test_its_holder_or_a_lead_puts_it_back(session: Session, hold_one: Hold, workspace: UUID, zoe: UUID) -> None:
    claim = hold_one()
    hold(session, **of(claim))
    item = unhold_item(
        session,
        actor=Actor("person", zoe),
        workspace_id=workspace,
        person_id=zoe,
        oversees=True,
        item_id=claim.item_id,
    )
    assert (item.state, item.held_by) == ("waiting", None)


def test_whoever_is_disabled_keeps_nothing(
    session: Session, hold_one: Hold, workspace: UUID, bob: UUID, zoe: UUID
) -> None:
    claim = hold_one()
    hold(session, **of(claim))
    ready = add_item(session, workspace)
    given = add_item(session, workspace)
    assign_item(session, actor=COMMAND, workspace_id=workspace, by=zoe, item_id=given.id, to="ada@example.org")
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=claim.person_id)
    disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=claim.person_id)
    taken = {take(session, workspace, bob, item_id=i).item_id for i in [ready.id]}
    assert taken == {ready.id}
    states = session.execute(select(Item.state, Item.assigned_to, Item.held_by)).all()
    assert sorted(states) == [("claimed", None, None), ("waiting", None, None), ("waiting", None, None)]


# Having the next one ready


def test_a_reserved_item_costs_nothing_and_comes_first(session: Session, workspace: UUID, ada: UUID, bob: UUID) -> None:
    first, second = add_item(session, workspace), add_item(session, workspace)
    held = take(session, workspace, ada)
    ready = reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    assert isinstance(ready, Item)
    assert (held.item_id, ready.id, ready.state, ready.held_by) == (first.id, second.id, "reserved", ada)
    assert reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada) is ready
    look(session, workspace, bob)
    hand_in(session, held)
    assert take(session, workspace, ada).item_id == second.id


@pytest.mark.parametrize(("others", "kept"), [(2, False), (3, True)])
def test_the_desk_keeps_nothing_ready_that_a_colleague_may_need(
    session: Session, workspace: UUID, ada: UUID, bob: UUID, others: int, kept: bool
) -> None:
    assert ada != bob
    disabled = add_person(session, workspace, "cleo")
    disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=disabled)
    for _ in range(1 + others):
        add_item(session, workspace)
    ready = reserve_ahead_if_plenty(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    assert ready == kept
    assert set(session.scalars(select(Item.state))) == ({"waiting", "reserved"} if kept else {"waiting"})
    kinds = session.scalars(select(Event.type).where(Event.type == "item.reserve")).all()
    assert len(kinds) == kept


def test_a_reservation_ends_after_its_minute_whoever_looks(
    session: Session, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    item = add_item(session, workspace)
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    assert free_reservations(session, limit=10) == 0
    session.execute(update(Item).values(reserved_until=read_now(session) - timedelta(seconds=1)))
    # No sweeper has run: whoever asks next is kept from nothing.
    assert take(session, workspace, bob).item_id == item.id


def test_a_reservation_can_be_given_back(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    now = read_now(session)
    ends: dict[str, Any] = {"now": now, "actor": COMMAND, "workspace_id": workspace, "person_id": ada}
    assert [end_reservation(session, **ends), end_reservation(session, **ends)] == [True, False]


# Skipping


def set_queue(session: Session, **values: Any) -> None:
    session.execute(update(Queue).values(**values))


def test_what_is_skipped_comes_back_after_everything_else(session: Session, workspace: UUID, ada: UUID) -> None:
    first, second = add_item(session, workspace), add_item(session, workspace)
    claim = take(session, workspace, ada)
    give_back(session, **of(claim), act="skip")
    claim = take(session, workspace, ada)
    assert claim.item_id == second.id
    hand_in(session, claim)
    assert take(session, workspace, ada).item_id == first.id


def test_a_skip_may_leave_it_to_others_for_good(session: Session, hold_one: Hold, workspace: UUID, ada: UUID) -> None:
    claim = hold_one()
    set_queue(session, skip_policy="others")
    give_back(session, **of(claim), act="skip")
    look(session, workspace, ada)


def test_a_skip_may_go_to_a_lead(session: Session, hold_one: Hold, workspace: UUID, bob: UUID, zoe: UUID) -> None:
    claim = hold_one()
    set_queue(session, skip_policy="lead")
    give_back(session, **of(claim), act="skip")
    look(session, workspace, bob)
    assert take(session, workspace, zoe).item_id == claim.item_id


def test_without_a_lead_it_comes_back_last_rather_than_to_nobody(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID
) -> None:
    claim = hold_one()
    set_queue(session, skip_policy="lead")
    give_back(session, **of(claim), act="skip")
    assert take(session, workspace, ada).item_id == claim.item_id


def test_a_queue_may_want_a_reason_of_its_list(session: Session, hold_one: Hold) -> None:
    claim = hold_one()
    set_queue(session, skip_reasons=["unclear", "not my language"])
    for reason in (None, "lunch"):
        with pytest.raises(ReasonNeeded) as refused:
            give_back(session, **of(claim), act="skip", reason=reason)
        assert refused.value.faults[0].pointer == "/reason"
    give_back(session, **of(claim), act="skip", reason="unclear")


def test_some_items_cannot_be_skipped_but_released(session: Session, hold_one: Hold) -> None:
    claim = hold_one()
    session.execute(update(Item).values(unskippable=True))
    with pytest.raises(Unskippable):
        give_back(session, **of(claim), act="skip")
    give_back(session, **of(claim), act="release")


# Giving it to somebody


def test_what_is_handed_over_waits_for_that_person_alone(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = hold_one()
    other = add_item(session, workspace)
    cleo = add_person(session, workspace, "cleo")
    assert hand_over(session, **of(claim), to="bob@example.org", note="You know this client.") == bob
    assert take(session, workspace, cleo).item_id == other.id
    look(session, workspace, ada)
    received = take(session, workspace, bob)
    assert received.item_id == claim.item_id
    assert [(n.name, n.text) for n in open_claim(session, claim=received).notes] == [("ada", "You know this client.")]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"skills": ["law"]}, "lacks a skill that it needs"),
        ({"for_lead": True}, "is no lead, and only a lead may take it"),
        ({"candidates": []}, "is not among the people who may take it"),
    ],
)
def test_it_is_given_to_nobody_who_could_not_take_it(
    session: Session, hold_one: Hold, bob: UUID, change: dict[str, Any], reason: str
) -> None:
    claim = hold_one()
    session.execute(update(Item).values(**change))
    with pytest.raises(CannotTakeIt) as refused:
        hand_over(session, **of(claim), to="bob@example.org")
    assert [f.detail for f in refused.value.faults] == [reason]


@pytest.mark.parametrize("to", ["nobody@example.org", "p_0123", "ada@example.org"])
def test_it_is_given_to_nobody_who_is_not_there_and_not_to_oneself(session: Session, hold_one: Hold, to: str) -> None:
    with pytest.raises(Invalid):
        hand_over(session, **of(hold_one()), to=to)


def test_a_lead_takes_it_from_whoever_has_it(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID
) -> None:
    claim = begin_earlier(session, hold_one(), 30)
    item = assign_item(
        session, actor=Actor("person", zoe), workspace_id=workspace, by=zoe, item_id=claim.item_id, to="bob@example.org"
    )
    session.refresh(claim)
    assert (claim.outcome, item.state, item.assigned_to) == ("reassigned", "waiting", bob)
    late = hand_in(session, claim)
    assert not hasattr(late, "approvals"), "what was given away is not hers to decide"
    assert take(session, workspace, bob).item_id == claim.item_id


def test_a_second_opinion_goes_to_somebody_else_with_its_note(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = hold_one()
    ask_second_opinion(session, **of(claim), note="Is this Paris, Texas?")
    look(session, workspace, ada)
    taken = take(session, workspace, bob)
    assert open_claim(session, claim=taken).item.flagged
    assert open_claim(session, claim=taken).notes[0].text == "Is this Paris, Texas?"


def test_what_is_passed_up_goes_to_the_leads(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID
) -> None:
    claim = hold_one()
    escalate_claim(session, **of(claim), note="Above me.")
    look(session, workspace, bob)
    taken = take(session, workspace, zoe)
    with pytest.raises(NobodyAbove):
        escalate_claim(session, **of(taken))


def test_an_escalation_step_says_where_it_goes(session: Session, hold_one: Hold, workspace: UUID, bob: UUID) -> None:
    claim = hold_one()
    session.execute(update(Item).values(escalation=[{"after_ms": 1000, "queue": "experts", "priority": 90}]))
    escalate_claim(session, **of(claim))
    item = item_of(session, claim)
    assert (session.get_one(Queue, item.queue_id).name, item.priority, item.tier) == ("experts", 90, 1)
    assert take(session, workspace, bob).item_id == item.id


@pytest.mark.parametrize("act", ["skip", "release", "hand_over", "second_opinion", "escalate"])
def test_nothing_that_is_sent_back_comes_straight_back_to_its_sender(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID, act: str
) -> None:
    claim = hold_one()
    other = add_item(session, workspace)
    match act:
        case "skip" | "release":
            give_back(session, **of(claim), act=act)
        case "hand_over":
            hand_over(session, **of(claim), to="bob@example.org")
        case "second_opinion":
            ask_second_opinion(session, **of(claim), note="?")
        case "escalate":
            escalate_claim(session, **of(claim))
    assert take(session, workspace, ada).item_id == other.id


@pytest.mark.parametrize("act", [hold, escalate_claim])
def test_an_ended_claim_can_do_nothing_more(session: Session, hold_one: Hold, act: Callable[..., object]) -> None:
    claim = hold_one()
    give_back(session, **of(claim), act="release")
    with pytest.raises(ClaimLost):
        act(session, **of(claim))


def test_what_is_held_or_reserved_can_be_cancelled(
    session: Session, hold_one: Hold, workspace: UUID, bob: UUID
) -> None:
    claim = hold_one()
    hold(session, **of(claim))
    add_item(session, workspace)
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=bob)
    for submission_id in session.scalars(select(Item.submission_id)).all():
        cancel(session, actor=COMMAND, workspace_id=workspace, submission_id=submission_id)
    assert set(session.scalars(select(Item.state))) == {"cancelled"}
