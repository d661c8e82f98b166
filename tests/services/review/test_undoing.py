"""A decision is taken back before it is final, or overturned by a lead afterwards; time and votes stay as they were."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import create_person
from app.kernel.clock import read_now
from app.queue.models import Claim, Item
from app.reports.invariants import check_invariants
from app.review.models import Decision
from app.review.service import (
    AlreadyFinal,
    supersede,
    undo,
)
from app.review.service.superseding import NotFinal, NotStanding, OwnDecision
from app.submissions.models import Submission
from tests.factories.reviewing import REJECT, decided, hand_in, take
from tests.factories.work import add_item
from tests.services.review.conftest import Hold


@pytest.fixture
def zoe(session: Session, workspace: UUID) -> UUID:
    """A lead."""
    return create_person(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace,
        email="zoe@example.org",
        roles=["lead"],
    )


def of(claim: Claim) -> dict[str, Any]:
    """Return whose claim it is, as every act on one asks."""
    return {
        "actor": Actor("person", claim.person_id),
        "workspace_id": claim.workspace_id,
        "person_id": claim.person_id,
        "claim_id": claim.id,
    }


def item_of(session: Session, claim: Claim) -> Item:
    return session.get_one(Item, claim.item_id, populate_existing=True)


@pytest.fixture
def hold_one(session: Session, workspace: UUID, ada: UUID) -> Hold:
    """Submit something and let Ada claim it."""
    return lambda: take(session, workspace, ada, item_id=add_item(session, workspace).id)


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
    assert (new.status, new.supersedes) == ("rejected", old.id)  # type: ignore[attr-defined]
    assert session.get_one(Decision, old.id, populate_existing=True).superseded_by == new.id  # type: ignore[attr-defined]
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
