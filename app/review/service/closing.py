"""Write a decision down, settle its submission, and put it into the outbox; all in the transaction that decided.

Called by voting.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.delivery.service import BODY_PURPOSE, schedule_delivery
from app.kernel.ids import new_id
from app.kernel.sealing import DataKey
from app.review.models import Decision
from app.review.queries import find_decision
from app.review.rules.document import submission_document, webhook_body
from app.submissions.models import Submission, TaskType
from app.submissions.rules.received import Received
from app.submissions.service import settle_submission


@dataclass(frozen=True)
class NewDecision:
    """What came out. `body` is sealed; `claim_id` is that of the vote that decided, if votes did."""

    item_id: UUID
    status: str
    body: bytes
    final_at: datetime
    claim_id: UUID | None
    decided_by: UUID | None
    decided_by_kind: str = "human"
    late: bool = False


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
    """Keep a decision as the one that stands for its submission; its delivery is due when it is final."""
    decision = Decision(
        id=new_id(),
        workspace_id=submission.workspace_id,
        item_id=new.item_id,
        submission_id=submission.id,
        claim_id=new.claim_id,
        decided_by=new.decided_by,
        status=new.status,
        decided_by_kind=new.decided_by_kind,
        late=new.late,
        content_sha256=submission.content_sha256,
        body=new.body,
        decided_at=now,
        final_at=new.final_at,
    )
    session.add(decision)
    settle_submission(session, submission_id=submission.id, status=new.status, final_at=new.final_at)
    session.flush()
    if submission.endpoint_id is not None:
        document = submission_document(
            submission_id=submission.id,
            external_id=submission.external_id,
            task_type=task_type.name,
            status=new.status,
            content_sha256=submission.content_sha256,
            metadata=received.metadata,
            decision=find_decision(session, submission_id=submission.id, key=key),
        )
        body = webhook_body("submission.decided", new.final_at, document)
        schedule_delivery(
            session,
            now=now,
            workspace_id=submission.workspace_id,
            endpoint_id=submission.endpoint_id,
            submission_id=submission.id,
            decision_id=decision.id,
            type="submission.decided",
            sealed_body=key.seal(body, purpose=BODY_PURPOSE),
            due_at=new.final_at,
        )
    return decision
