"""Where one act on an item meets another: what is held, given, reserved or sent on, and then something else."""

from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.kernel.clock import read_now
from app.queue.models import Item
from app.queue.service import ClaimLost
from app.reports.invariants import check_invariants
from app.review.queries import open_claim
from app.review.service import (
    Overtaken,
    ask_second_opinion,
    assign_item,
    cancel,
    disable_reviewer,
    escalate_claim,
    give_back,
    hand_over,
    hold,
    pause_reviewer,
    reserve_ahead,
    unhold_item,
)
from app.review.service.fitness import OtherQueue
from app.review.service.giving_back import NobodyAbove
from tests.factories.people import add_person
from tests.factories.reviewing import hand_in, look, of, take
from tests.factories.work import add_item
from tests.services.review.acting import item_of, item_of_id
from tests.services.review.conftest import Hold


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds."""
    yield
    assert check_invariants(session) == []


def test_what_is_held_can_be_handed_over(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = hold_one()
    hold(session, **of(claim))
    assert hand_over(session, **of(claim), to="bob@example.org", note="I am off tomorrow.") == bob
    item = item_of(session, claim)
    assert (item.state, item.held_by, item.assigned_to) == ("waiting", None, bob)
    late = hand_in(session, claim)
    assert isinstance(late, Overtaken), "what was given away is not hers to decide"
    received = take(session, workspace, bob)
    assert [n.text for n in open_claim(session, claim=received).notes] == ["I am off tomorrow."]
    with pytest.raises(ClaimLost):
        hand_over(session, **of(claim), to="bob@example.org")


def test_what_a_lead_gives_away_after_its_lease_ran_out_is_decided_by_nobody_else(
    session: Session, hold_one: Hold, workspace: UUID, bob: UUID, zoe: UUID
) -> None:
    claim = hold_one()
    give_back(session, **of(claim), act="release")
    assign_item(session, actor=COMMAND, workspace_id=workspace, by=zoe, item_id=claim.item_id, to="bob@example.org")
    late = hand_in(session, claim)
    assert isinstance(late, Overtaken)
    assert late.draft_id is not None


def test_what_is_put_back_comes_last_and_to_anybody(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID
) -> None:
    first, second = hold_one(), add_item(session, workspace)
    hold(session, **of(first))
    unhold_item(session, actor=COMMAND, workspace_id=workspace, person_id=ada, oversees=False, item_id=first.item_id)
    assert take(session, workspace, ada).item_id == second.id


def test_a_hold_of_what_was_given_by_name_ends_for_everybody(
    session: Session, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID
) -> None:
    item = add_item(session, workspace)
    give: dict[str, Any] = {"actor": COMMAND, "workspace_id": workspace, "item_id": item.id}
    assign_item(session, **give, by=zoe, to="ada@example.org")
    claim = take(session, workspace, ada)
    hold(session, **of(claim))
    unhold_item(session, **give, person_id=zoe, oversees=True)
    assert take(session, workspace, bob).item_id == item.id


def test_whoever_is_disabled_while_working_on_what_she_was_given_leaves_it_to_everybody(
    session: Session, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID
) -> None:
    item = add_item(session, workspace)
    assign_item(session, actor=COMMAND, workspace_id=workspace, by=zoe, item_id=item.id, to="ada@example.org")
    take(session, workspace, ada)
    disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=ada)
    assert take(session, workspace, bob).item_id == item.id


def test_whoever_loses_an_item_to_everybody_does_not_get_it_straight_back(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, zoe: UUID
) -> None:
    claim, other = hold_one(), add_item(session, workspace)
    assign_item(session, actor=COMMAND, workspace_id=workspace, by=zoe, item_id=claim.item_id, to=None)
    assert take(session, workspace, ada).item_id == other.id


def test_nothing_is_kept_ready_of_a_queue_that_is_not_hers(session: Session, workspace: UUID) -> None:
    add_item(session, workspace)
    cleo = add_person(session, workspace, "cleo", queues=["elsewhere"])
    with pytest.raises(OtherQueue):
        reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=cleo, queue="default")


def test_a_pause_gives_back_what_was_kept_ready(session: Session, workspace: UUID, ada: UUID, bob: UUID) -> None:
    item = add_item(session, workspace)
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    pause_reviewer(session, now=read_now(session), actor=COMMAND, workspace_id=workspace, person_id=ada)
    assert take(session, workspace, bob).item_id == item.id


def test_a_reservation_of_what_she_may_not_have_any_more_is_given_up(
    session: Session, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    item = add_item(session, workspace)
    reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    session.execute(update(Item).values(skills=["law"]))
    look(session, workspace, ada)
    assert (item_of_id(session, item.id).state, item_of_id(session, item.id).held_by) == ("waiting", None)


@pytest.mark.parametrize("act", ["escalate", "step", "second_opinion"])
def test_the_only_lead_cannot_send_on_what_only_leads_may_take(
    session: Session, workspace: UUID, zoe: UUID, act: str
) -> None:
    item = add_item(session, workspace)
    claim = take(session, workspace, zoe)
    steps = [{"after_ms": 1000, "leads": True}] if act == "step" else []
    session.execute(update(Item).values(for_lead=act == "second_opinion", escalation=steps))
    send_on = partial(ask_second_opinion, note="?") if act == "second_opinion" else escalate_claim
    with pytest.raises(NobodyAbove):
        send_on(session, **of(claim))
    assert item_of_id(session, item.id).state == "claimed"


def test_what_is_passed_up_is_kept_from_no_lead_by_its_candidates(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, zoe: UUID
) -> None:
    claim = hold_one()
    session.execute(update(Item).values(candidates=[ada]))
    escalate_claim(session, **of(claim))
    assert take(session, workspace, zoe).item_id == claim.item_id


@pytest.mark.parametrize("state", ["waiting", "reserved", "claimed", "held"])
def test_a_submission_is_cancelled_in_every_open_state(
    session: Session, workspace: UUID, ada: UUID, state: str
) -> None:
    item = add_item(session, workspace)
    if state == "reserved":
        reserve_ahead(session, actor=COMMAND, workspace_id=workspace, person_id=ada)
    elif state != "waiting":
        claim = take(session, workspace, ada)
        if state == "held":
            hold(session, **of(claim))
    assert item_of_id(session, item.id).state == state
    cancel(session, actor=COMMAND, workspace_id=workspace, submission_id=item.submission_id)
    gone = item_of_id(session, item.id)
    assert (gone.state, gone.held_by, gone.reserved_until) == ("cancelled", None, None)
