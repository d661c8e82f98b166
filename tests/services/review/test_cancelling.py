"""A program takes a submission back: while it waits, or while somebody reads it, but not once it is decided."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Item
from app.queue.service import ClaimLost
from app.reports.invariants import check_invariants
from app.review.service import CannotCancel, Overtaken, cancel
from app.submissions.models import Submission
from app.submissions.queries import NoSuchSubmission
from tests.factories.reviewing import APPROVE, active_ms, begin_earlier, correct, hand_in, look, put_back, take
from tests.factories.work import add_policy, item_of, send
from tests.services.review.conftest import Hold


def take_back(session: Session, workspace: UUID, submission_id: UUID) -> Submission:
    return cancel(session, actor=COMMAND, workspace_id=workspace, submission_id=submission_id)


@pytest.fixture
def waiting(session: Session, workspace: UUID) -> UUID:
    """A submission that waits."""
    return send(session, workspace).submission_id


def test_what_waits_is_out_of_line(session: Session, workspace: UUID, ada: UUID, waiting: UUID) -> None:
    submission = take_back(session, workspace, waiting)
    assert submission.status == "cancelled"
    assert submission.final_at is not None
    assert item_of(session, waiting).state == "cancelled"
    assert look(session, workspace, ada)["waiting"] == 0
    assert check_invariants(session) == []


def test_to_cancel_twice_is_no_error(session: Session, workspace: UUID, waiting: UUID) -> None:
    final_at = take_back(session, workspace, waiting).final_at
    assert take_back(session, workspace, waiting).final_at == final_at


def test_who_was_reading_it_is_paid_and_her_text_is_kept(
    session: Session, workspace: UUID, ada: UUID, waiting: UUID
) -> None:
    claim = begin_earlier(session, take(session, workspace, ada), 60)
    take_back(session, workspace, waiting)
    session.refresh(claim)
    assert claim.outcome == "cancelled"
    assert 60_000 <= active_ms(session, claim) < 70_000
    answer = hand_in(session, claim, correct("Basel"))
    assert isinstance(answer, Overtaken)
    assert (answer.state, answer.held_by, answer.decision) == ("cancelled", None, None)
    with pytest.raises(ClaimLost):
        put_back(session, claim)
    assert check_invariants(session) == []


@pytest.mark.parametrize("at_desk", [False, True])
def test_what_is_decided_cannot_be_taken_back_and_its_outcome_is_not_told(
    session: Session, hold: Hold, *, at_desk: bool
) -> None:
    claim = hold()
    hand_in(session, claim, APPROVE, at_desk=at_desk)
    with pytest.raises(CannotCancel) as refused:
        take_back(session, claim.workspace_id, session.get_one(Item, claim.item_id).submission_id)
    assert "approved" not in refused.value.detail


def test_what_passed_cannot_be_taken_back(session: Session, workspace: UUID) -> None:
    add_policy(session, workspace, threshold=0.1)
    with pytest.raises(CannotCancel):
        take_back(session, workspace, send(session, workspace).submission_id)


def test_another_workspaces_submission_does_not_exist(session: Session, waiting: UUID) -> None:
    other = create_workspace(session, now=read_now(session), name="Other").id
    with pytest.raises(NoSuchSubmission):
        take_back(session, other, waiting)
