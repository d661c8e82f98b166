"""Take in what a program learns of a submission after it has sent it. Called by the submissions API."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.costs.service import Kept, keep_calls
from app.submissions.queries import get_submission


def report_calls(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    submission_id: UUID,
    calls: Sequence[Mapping[str, Any]],
) -> Kept:
    """Keep calls of language models that a submission took and that are reported after it.

    Raises:
        NoSuchSubmission: also when it is another workspace's.
    """
    get_submission(session, workspace_id=workspace_id, submission_id=submission_id)
    kept = keep_calls(session, now=now, workspace_id=workspace_id, calls=[(submission_id, call) for call in calls])
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="submission.calls_reported",
        subject_kind="submission",
        subject_id=submission_id,
        details={"added": kept.added, "known": kept.known},
    )
    return kept
