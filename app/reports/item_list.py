"""Items of a workspace, narrowed and paged: the newest first. Read-only; called by the list of items.

No content is read here: words are looked up among digests.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, cast, exists, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from app.queue.models import Item, Queue
from app.submissions.models import SearchEntry, Submission, TaskType


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None leaves a thing open. `since` included, `until` not.

    `question` is a tsquery over digests; `queues` are the only ones that the reader may see, None for all.
    """

    question: str | None = None
    state: str | None = None
    status: str | None = None
    queue: str | None = None
    task_type: str | None = None
    model: str | None = None
    external_id: str | None = None
    high_risk: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    queues: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Listed:
    """One item, as a line of the list."""

    item_id: UUID
    state: str
    status: str
    task_type: str
    external_id: str | None
    queue: str
    priority: int
    confidence: Decimal | None
    model: str | None
    high_risk: bool
    created_at: datetime
    due_at: datetime


def list_items(
    session: Session, *, workspace_id: UUID, wanted: Wanted, before: UUID | None, limit: int
) -> list[Listed]:
    """Return items, the newest first, at most `limit`; with `before` only those that came in before that one."""
    query = (
        select(
            Item.id,
            Item.state,
            Submission.status,
            TaskType.name,
            Submission.external_id,
            Queue.name,
            Item.priority,
            Submission.confidence,
            Submission.model_name,
            Item.high_risk,
            Item.created_at,
            Item.due_at,
        )
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .join(Queue, Queue.id == Item.queue_id)
        .where(Item.workspace_id == workspace_id, *_narrow(wanted))
        .order_by(Item.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(Item.id < before)
    return [Listed(*list(row)) for row in session.execute(query)]


def _narrow(wanted: Wanted) -> list[ColumnElement[bool]]:
    same = {
        Item.state: wanted.state,
        Submission.status: wanted.status,
        Queue.name: wanted.queue,
        TaskType.name: wanted.task_type,
        Submission.model_name: wanted.model,
        Submission.external_id: wanted.external_id,
        Item.high_risk: wanted.high_risk,
    }
    clauses = [column == value for column, value in same.items() if value is not None]
    if wanted.since is not None:
        clauses.append(Item.created_at >= wanted.since)
    if wanted.until is not None:
        clauses.append(Item.created_at < wanted.until)
    if wanted.queues is not None:
        clauses.append(Queue.name.in_(wanted.queues))
    if wanted.question is not None:
        asked = SearchEntry.words.op("@@", is_comparison=True)(cast(wanted.question, TSQUERY))
        clauses.append(exists().where(SearchEntry.submission_id == Submission.id, asked))
    return clauses
