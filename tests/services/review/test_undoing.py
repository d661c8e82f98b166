"""A decision is taken back before it is final, or overturned by a lead afterwards; time and votes stay as they were."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.delivery.models import Delivery, Endpoint
from app.delivery.service import take_due
from app.kernel.clock import read_now
from app.queue.models import Item
from app.reports.invariants import check_invariants
from app.review.models import Decision
from app.review.service import (
    AlreadyFinal,
    Handed,
    disable_reviewer,
    supersede,
    undo,
)
from app.review.service.superseding import NotFinal, NotStanding, OwnDecision
from app.review.service.undoing import NotYours
from app.submissions.models import Submission
from tests.factories.people import add_person
from tests.factories.reviewing import REJECT, active_ms, begin_earlier, correct, decided, hand_in, take
from tests.factories.work import add_endpoint, add_item
from tests.services.review.acting import item_of
from tests.services.review.conftest import Hold


@pytest.fixture
def endpoint(session: Session, workspace: UUID) -> Endpoint:
    """An endpoint that is told of decisions and of what overturns them."""
    return add_endpoint(session, workspace, "submission.decided", "submission.superseded")


@pytest.fixture(autouse=True)
def sound(session: Session) -> object:
    """After every test all that must hold of a live system holds."""
    yield
    assert check_invariants(session) == []


# Undoing and overturning


def test_a_decision_is_taken_back_before_it_is_final(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = hold_one()
    decision = decided(hand_in(session, claim, at_desk=True))
    asked: dict[str, Any] = {
        "actor": Actor("person", ada),
        "workspace_id": workspace,
        "person_id": ada,
        "oversees": False,
    }
    item = undo(session, **asked, decision_id=decision.id)
    assert undo(session, **asked, decision_id=decision.id) is item
    assert (item.state, item.held_by, item.voters) == ("held", ada, [])
    submission = session.get_one(Submission, item.submission_id, populate_existing=True)
    assert (submission.status, submission.final_at) == ("waiting", None)
    again = take(session, workspace, ada, item_id=item.id)
    assert decided(hand_in(session, again, REJECT)).status == "rejected"


def test_what_is_final_is_not_taken_back(session: Session, hold_one: Hold, workspace: UUID, ada: UUID) -> None:
    decision = decided(hand_in(session, hold_one()))
    with pytest.raises(AlreadyFinal):
        undo(
            session,
            actor=COMMAND,
            workspace_id=workspace,
            person_id=ada,
            oversees=False,
            decision_id=decision.id,
        )


def test_its_delivery_is_withdrawn_and_the_next_one_leaves(
    session: Session, workspace: UUID, ada: UUID, endpoint: Endpoint
) -> None:
    item = add_item(session, workspace, endpoint=endpoint)
    first = decided(hand_in(session, take(session, workspace, ada), at_desk=True))
    take_back(session, workspace, ada, first.id)
    second = decided(hand_in(session, take(session, workspace, ada, item_id=item.id), REJECT))
    told = select(Delivery.decision_id, Delivery.state).order_by(Delivery.id)
    assert session.execute(told).all() == [(first.id, "withdrawn"), (second.id, "due")]
    leased = take_due(session, now=read_now(session), limit=10)
    assert [one.submission_id for one in leased] == [item.submission_id]


def test_what_a_worker_is_sending_is_final(session: Session, workspace: UUID, ada: UUID, endpoint: Endpoint) -> None:
    add_item(session, workspace, endpoint=endpoint)
    decision = decided(hand_in(session, take(session, workspace, ada), at_desk=True))
    # A worker whose look came just after the decision was final.
    assert take_due(session, now=decision.final_at, limit=10)
    with pytest.raises(AlreadyFinal):
        take_back(session, workspace, ada, decision.id)


def test_nothing_is_kept_for_whoever_is_disabled_meanwhile(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID, zoe: UUID
) -> None:
    decision = decided(hand_in(session, hold_one(), at_desk=True))
    disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=ada)
    item = take_back(session, workspace, zoe, decision.id, oversees=True)
    assert (item.state, item.held_by) == ("waiting", None)
    assert take(session, workspace, bob).item_id == item.id


def test_only_whoever_decided_or_a_lead_takes_it_back(
    session: Session, hold_one: Hold, workspace: UUID, bob: UUID
) -> None:
    decision = decided(hand_in(session, hold_one(), at_desk=True))
    with pytest.raises(NotYours):
        take_back(session, workspace, bob, decision.id)


def test_the_work_stays_booked(session: Session, hold_one: Hold, workspace: UUID, ada: UUID) -> None:
    claim = begin_earlier(session, hold_one(), 30)
    decision = decided(hand_in(session, claim, at_desk=True))
    before = active_ms(session, claim)
    take_back(session, workspace, ada, decision.id)
    assert active_ms(session, claim) == before >= 30_000


def test_the_same_verdict_once_more_decides_nothing(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID
) -> None:
    claim = hold_one()
    decision = decided(hand_in(session, claim, at_desk=True))
    take_back(session, workspace, ada, decision.id)
    again = hand_in(session, claim, at_desk=True)
    assert isinstance(again, Handed)
    assert (again.decision, item_of(session, claim).state) == (None, "held")


def test_the_votes_before_it_stand_again(
    session: Session, hold_one: Hold, workspace: UUID, ada: UUID, bob: UUID
) -> None:
    claim = hold_one()
    session.execute(update(Item).values(rejections_required=2))
    hand_in(session, claim, REJECT)
    decision = decided(hand_in(session, take(session, workspace, bob), correct(), at_desk=True))
    item = take_back(session, workspace, bob, decision.id)
    assert item.voters == [ada]
    assert decided(hand_in(session, take(session, workspace, bob, item_id=item.id), REJECT)).status == "rejected"


def take_back(session: Session, workspace: UUID, by: UUID, decision_id: UUID, *, oversees: bool = False) -> Item:
    return undo(
        session,
        actor=Actor("person", by),
        workspace_id=workspace,
        person_id=by,
        oversees=oversees,
        decision_id=decision_id,
    )


def overturn(session: Session, workspace: UUID, by: UUID, decision_id: UUID, submission: Submission) -> object:
    return supersede(
        session,
        actor=Actor("person", by),
        workspace_id=workspace,
        person_id=by,
        decision_id=decision_id,
        content_sha256=submission.content_sha256,
        verdict=REJECT,
        reason="The audit found it wrong.",
    )


def test_a_lead_overturns_what_is_final_and_the_ledger_stays(
    session: Session, hold_one: Hold, workspace: UUID, zoe: UUID
) -> None:
    claim = hold_one()
    old = decided(hand_in(session, claim))
    item = item_of(session, claim)
    submission = session.get_one(Submission, item.submission_id)
    before = session.execute(select(Decision.id)).all()
    new = overturn(session, workspace, zoe, old.id, submission)
    assert (new.status, new.supersedes) == ("rejected", old.id)  # type: ignore[attr-defined]  # a decision: the fixture types it as an object
    assert session.get_one(Decision, old.id, populate_existing=True).superseded_by == new.id  # type: ignore[attr-defined]  # a decision: the fixture types it as an object
    assert len(before) == 1
    with pytest.raises(NotStanding):
        overturn(session, workspace, zoe, old.id, submission)


def test_nobody_overturns_what_she_decided_or_what_is_not_final(
    session: Session, workspace: UUID, ada: UUID, zoe: UUID
) -> None:
    item = add_item(session, workspace)
    submission = session.get_one(Submission, item.submission_id)
    decision = decided(hand_in(session, take(session, workspace, zoe)))
    with pytest.raises(OwnDecision):
        overturn(session, workspace, zoe, decision.id, submission)
    item = add_item(session, workspace)
    submission = session.get_one(Submission, item.submission_id)
    fresh = decided(hand_in(session, take(session, workspace, ada), at_desk=True))
    with pytest.raises(NotFinal):
        overturn(session, workspace, zoe, fresh.id, submission)


def test_an_overturned_decision_is_delivered_again_and_names_the_old_one(
    session: Session, workspace: UUID, ada: UUID, zoe: UUID, endpoint: Endpoint
) -> None:
    item = add_item(session, workspace, endpoint=endpoint)
    claim = begin_earlier(session, take(session, workspace, ada), 30)
    old = decided(hand_in(session, claim))
    submission = session.get_one(Submission, item.submission_id)
    booked = active_ms(session, claim)
    new = overturn(session, workspace, zoe, old.id, submission)
    told = select(Delivery.decision_id, Delivery.type).order_by(Delivery.id)
    assert session.execute(told).all() == [
        (old.id, "submission.decided"),
        (new.id, "submission.superseded"),  # type: ignore[attr-defined]  # a decision: the fixture types it as an object
    ]
    assert (active_ms(session, claim), item_of(session, claim).voters) == (booked, [ada])
    session.refresh(submission)
    assert submission.status == "rejected"


@pytest.mark.parametrize("reason", ["requester", "excluded", "editor"])
def test_nobody_who_is_kept_from_an_item_overturns_its_decision(
    session: Session, hold_one: Hold, workspace: UUID, zoe: UUID, reason: str
) -> None:
    claim = hold_one()
    old = decided(hand_in(session, claim))
    session.execute(update(Item).values(barred=[zoe], bar_reasons={zoe.hex: reason}))
    submission = session.get_one(Submission, item_of(session, claim).submission_id)
    with pytest.raises(OwnDecision):
        overturn(session, workspace, zoe, old.id, submission)


def test_a_decision_overturned_twice_is_a_chain(session: Session, hold_one: Hold, workspace: UUID, zoe: UUID) -> None:
    claim = hold_one()
    old = decided(hand_in(session, claim))
    submission = session.get_one(Submission, item_of(session, claim).submission_id)
    second: Any = overturn(session, workspace, zoe, old.id, submission)
    with pytest.raises(OwnDecision):
        overturn(session, workspace, zoe, second.id, submission)
    yan = add_person(session, workspace, "yan", roles=["lead"])
    third: Any = overturn(session, workspace, yan, second.id, submission)
    chain = select(Decision.id, Decision.supersedes, Decision.superseded_by).order_by(Decision.id)
    assert session.execute(chain).all() == [
        (old.id, None, second.id),
        (second.id, old.id, third.id),
        (third.id, second.id, None),
    ]
