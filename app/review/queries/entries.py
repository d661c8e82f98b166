"""Read what the entries of the feed say: the data of the webhook of the same event, for a whole page in few queries."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.feed.models import FeedEntry
from app.kernel.sealing import vault_of
from app.kernel.strict_json import decode
from app.review.models import Decision
from app.review.queries.figures import read_figures
from app.review.queries.verdicts import list_counting_votes, open_decision
from app.review.rules.document import submission_document
from app.submissions.models import Content, Submission, TaskType
from app.submissions.rules.received import read_received


def read_entries(session: Session, *, entries: Sequence[FeedEntry]) -> list[dict[str, Any]]:
    """Return the data of each of these entries, in their order, JSON-ready."""
    about = _submissions(session, [entry.submission_id for entry in entries])
    decisions = _decisions(session, [entry.decision_id for entry in entries if entry.decision_id is not None])
    figures = read_figures(session, submission_ids=list(about))
    votes = list_counting_votes(session, item_ids=[decision.item_id for decision in decisions.values()])
    documents = []
    for entry in entries:
        submission, task_type, content = about[entry.submission_id]
        key = vault_of(session).unwrap(content.data_key)
        received = read_received(decode(key.open(content.body, purpose="submission")))
        decision = None if entry.decision_id is None else open_decision(decisions[entry.decision_id], key, votes)
        documents.append(
            submission_document(
                submission_id=submission.id,
                external_id=submission.external_id,
                task_type=task_type,
                status="expired" if decision is None else decision.status,
                content_sha256=submission.content_sha256,
                received=received,
                decision=decision,
                figures=figures[submission.id],
            )
        )
    return documents


def _submissions(session: Session, ids: Sequence[UUID]) -> dict[UUID, tuple[Submission, str, Content]]:
    rows = session.execute(
        select(Submission, TaskType.name, Content)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .join(Content, Content.submission_id == Submission.id)
        .where(Submission.id.in_(ids))
    )
    return {submission.id: (submission, name, content) for submission, name, content in rows}


def _decisions(session: Session, ids: Sequence[UUID]) -> dict[UUID, Decision]:
    return {d.id: d for d in session.scalars(select(Decision).where(Decision.id.in_(ids)))}
