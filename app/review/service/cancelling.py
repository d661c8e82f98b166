"""Let a program take a submission back before anybody has decided it. Called by the submissions API."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.kernel.clock import read_now
from app.kernel.errors import Conflict
from app.queue.queries import find_item_of, find_newest_claim
from app.queue.rules import CLAIMED
from app.queue.service import lock_claim, lock_item, move
from app.review.service.posting import finish_claim
from app.submissions.models import Submission
from app.submissions.queries import get_submission
from app.submissions.rules.status import WAITING
from app.submissions.service import settle_submission


class CannotCancel(Conflict):
    """Only what still waits can be taken back."""


def cancel(session: Session, *, actor: Actor, workspace_id: UUID, submission_id: UUID) -> Submission:
    """Take a submission back that nobody has decided; work that went into it stays booked.

    Raises:
        NoSuchSubmission: also when it is another workspace's.
        CannotCancel: it passed, was blocked or is decided.
    """
    submission = get_submission(session, workspace_id=workspace_id, submission_id=submission_id)
    item = find_item_of(session, submission_id=submission_id)
    if item is None:
        raise CannotCancel(f"The submission is {submission.status}.")
    item = lock_item(session, item_id=item.id)
    session.refresh(submission)
    if submission.status == "cancelled":
        return submission
    if submission.status != WAITING:
        # Which outcome it came to is nobody's business before it is final.
        raise CannotCancel("The submission is decided.")
    at = read_now(session)
    if item.state == CLAIMED:
        _take_from_holder(session, at, actor, workspace_id, item.id)
    else:
        move(session, now=at, actor=actor, item=item, act="cancel")
    settle_submission(session, submission_id=submission_id, status="cancelled", final_at=at)
    session.refresh(submission)
    return submission


def _take_from_holder(session: Session, at: datetime, actor: Actor, workspace_id: UUID, item_id: UUID) -> None:
    claim = find_newest_claim(session, item_id=item_id)
    assert claim is not None, "a claimed item has a claim"  # noqa: S101  # the lifecycle holds this
    locked = lock_claim(session, workspace_id=workspace_id, person_id=None, claim_id=claim.id)
    ended_at = min(at, locked.claim.expires_at)
    finish_claim(session, now=at, actor=actor, locked=locked, act="cancel", ended_at=ended_at)
