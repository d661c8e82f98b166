"""Keep what was learnt of a submission after it was decided, and who looked at what it hides.

Rows are added, never changed. Called by the submissions API and the item's page.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.ids import new_id
from app.kernel.strict_json import encode
from app.submissions.models import LaterOutcome
from app.submissions.queries import data_key, get_submission


def record_outcome(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    key_id: UUID | None,
    submission_id: UUID,
    correct: bool | None,
    label: str | None,
    words: Mapping[str, Any],
    observed_at: datetime | None,
) -> LaterOutcome:
    """Add what was learnt of a submission.

    Args:
        words: The true output and a note, as the program wrote them; they are kept sealed.

    Raises:
        NoSuchSubmission: also when it is another workspace's.
    """
    get_submission(session, workspace_id=workspace_id, submission_id=submission_id)
    key = data_key(session, submission_id=submission_id)
    outcome = LaterOutcome(
        id=new_id(),
        workspace_id=workspace_id,
        submission_id=submission_id,
        key_id=key_id,
        correct=correct,
        label=label,
        body=key.seal(encode(dict(words)), purpose="outcome"),
        observed_at=observed_at,
        recorded_at=now,
    )
    session.add(outcome)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="submission.outcome_recorded",
        subject_kind="submission",
        subject_id=submission_id,
        details={"correct": correct},
    )
    return outcome


def reveal(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, submission_id: UUID) -> None:
    """Note that somebody is shown the sensitive values of a submission."""
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="submission.revealed",
        subject_kind="submission",
        subject_id=submission_id,
    )
