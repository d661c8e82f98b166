"""What a verdict is judged against: the item as it is locked, its submission opened, and the votes that stand.

Called by deciding, voting and closing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.sealing import DataKey
from app.kernel.strict_json import encode
from app.queue.models import Item
from app.queue.service import LockedClaim
from app.review.models import Vote
from app.review.queries import list_standing_votes, standing_text
from app.review.rules.counting import Terms
from app.review.rules.verdict import Outcome, Verdict
from app.submissions.models import Submission, TaskType
from app.submissions.queries import open_submission
from app.submissions.rules.received import Received


@dataclass(frozen=True)
class Case:
    """Everything a verdict is judged against.

    `received` is the text to judge: the model's, which is `original`, or a correction; with reviewers who do not see
    each other, the model's.
    """

    locked: LockedClaim
    submission: Submission
    task_type: TaskType
    received: Received
    original: Received
    key: DataKey
    standing: list[Vote]


def open_case(session: Session, locked: LockedClaim) -> Case:
    """Return the case of a locked claim."""
    item = locked.item
    opened = open_submission(session, workspace_id=item.workspace_id, submission_id=item.submission_id)
    votes = list_standing_votes(session, item_id=item.id)
    received, _ = standing_text(item, votes, received=opened.received, key=opened.key)
    return Case(locked, opened.submission, opened.task_type, received, opened.received, opened.key, votes)


def terms_of(item: Item) -> Terms:
    """Return what an item asks of its votes."""
    return Terms(item.approvals_required, item.rejections_required, item.reviews_max, item.review_mode == "blind")


def body_of(verdict: Verdict, outcome: Outcome, **more: Any) -> dict[str, Any]:
    """Return the body of a vote or a decision: what came out, and what its reviewer wrote with it."""
    return {
        "output": outcome.output,
        "actions": outcome.actions,
        "message": verdict.message,
        "note": verdict.note,
        "reason_codes": list(verdict.reason_codes),
        **more,
    }


def seal_body(key: DataKey, body: Mapping[str, Any]) -> bytes:
    """Return the body of a vote or a decision as it is kept."""
    return key.seal(encode(dict(body)), purpose="verdict")
