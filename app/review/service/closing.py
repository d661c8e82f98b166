"""Write a decision down, settle its submission, put it on the feed and into the outbox, in the deciding transaction.

Called by voting and deciding at once.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.delivery.service import BODY_PURPOSE, schedule_delivery
from app.feed.rules import decision_type
from app.feed.service import put_on_feed
from app.grants.service import Granted, sign_grants
from app.kernel.ids import new_id
from app.kernel.sealing import DataKey
from app.review.models import Decision
from app.review.queries import read_figures, standing_decision
from app.review.rules.document import DecisionFacts, submission_document, webhook_body
from app.review.service.case import seal_body
from app.submissions.models import Submission, TaskType
from app.submissions.rules.received import Received
from app.submissions.service import settle_submission


@dataclass(frozen=True)
class NewDecision:
    """What came out. `body` is not sealed yet; `claim_id` is that of the vote that decided, if votes did."""

    item_id: UUID
    status: str
    body: dict[str, Any]
    final_at: datetime
    claim_id: UUID | None
    decided_by: UUID | None
    decided_by_kind: str = "human"
    late: bool = False
    supersedes: Decision | None = None


def write_decision(
    session: Session,
    *,
    now: datetime,
    submission: Submission,
    task_type: TaskType,
    received: Received,
    key: DataKey,
    new: NewDecision,
) -> Decision:
    """Keep a decision as the one that stands for its submission; its delivery is due when it is final.

    One that overturns an earlier one is delivered as a supersession, which names the earlier one.
    """
    decision_id, old = new_id(), new.supersedes
    granted = Granted(submission.workspace_id, submission.id, decision_id, new.final_at, task_type.grant_ms)
    grants = sign_grants(session, now=now, granted=granted, actions=new.body["actions"])
    if old is not None:
        # It leaves the unique index of decisions that stand before the new one enters it.
        old.superseded_by = decision_id
        session.flush()
    decision = Decision(
        id=decision_id,
        supersedes=None if old is None else old.id,
        workspace_id=submission.workspace_id,
        item_id=new.item_id,
        submission_id=submission.id,
        claim_id=new.claim_id,
        decided_by=new.decided_by,
        status=new.status,
        decided_by_kind=new.decided_by_kind,
        late=new.late,
        content_sha256=submission.content_sha256,
        body=seal_body(key, {**new.body, "grants": grants}),
        decided_at=now,
        final_at=new.final_at,
    )
    session.add(decision)
    settle_submission(session, submission_id=submission.id, status=new.status, final_at=new.final_at)
    session.flush()
    _hand_over(session, now, decision=decision, submission=submission, task_type=task_type, received=received, key=key)
    return decision


def _hand_over(
    session: Session,
    now: datetime,
    *,
    decision: Decision,
    submission: Submission,
    task_type: TaskType,
    received: Received,
    key: DataKey,
) -> None:
    """Let programs learn of a decision: all of them by the feed, and its endpoint by a webhook."""
    put_on_feed(
        session,
        workspace_id=submission.workspace_id,
        type=decision_type(supersedes=decision.supersedes),
        submission_id=submission.id,
        decision_id=decision.id,
        due_at=decision.final_at,
    )
    if submission.endpoint_id is not None:
        told = Announced(
            workspace_id=submission.workspace_id,
            endpoint_id=submission.endpoint_id,
            submission_id=submission.id,
            external_id=submission.external_id,
            task_type=task_type.name,
            content_sha256=submission.content_sha256,
            received=received,
            decision=standing_decision(session, submission_id=submission.id, key=key),
        )
        announce(session, now=now, key=key, told=told)


@dataclass(frozen=True)
class Announced:
    """A decision that stands, with what an endpoint is told of its submission, in the model's own words."""

    workspace_id: UUID
    endpoint_id: UUID
    submission_id: UUID
    external_id: str | None
    task_type: str
    content_sha256: bytes
    received: Received
    decision: DecisionFacts


def announce(session: Session, *, now: datetime, key: DataKey, told: Announced) -> None:
    """Put a decision into the outbox; it leaves when it is final."""
    decision = told.decision
    document = submission_document(
        submission_id=told.submission_id,
        external_id=told.external_id,
        task_type=told.task_type,
        status=decision.status,
        content_sha256=told.content_sha256,
        received=told.received,
        decision=decision,
        figures=read_figures(session, submission_ids=[told.submission_id])[told.submission_id],
    )
    kind = decision_type(supersedes=decision.supersedes)
    body = webhook_body(kind, decision.final_at, document)
    schedule_delivery(
        session,
        now=now,
        workspace_id=told.workspace_id,
        endpoint_id=told.endpoint_id,
        submission_id=told.submission_id,
        decision_id=decision.id,
        type=kind,
        sealed_body=key.seal(body, purpose=BODY_PURPOSE),
        due_at=decision.final_at,
    )
