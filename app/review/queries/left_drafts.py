"""Read the drafts of items that their author does not hold any more: what she typed is kept, whoever decided instead.

Called by the home page and the page of an item.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Exists, exists, func, select
from sqlalchemy.orm import Session, aliased

from app.kernel.sealing import DataKey
from app.kernel.strict_json import decode
from app.queue.models import Claim, Item
from app.review.models import Draft
from app.submissions.models import Submission, TaskType

# How a claim ends that its holder did not end herself.
_TAKEN_AWAY: Final = ("expired", "reassigned", "revoked", "timed_out", "cancelled")


@dataclass(frozen=True)
class LeftDraft:
    """Of which item a draft is, and when it was typed last."""

    item_id: UUID
    task_type: str
    external_id: str | None
    saved_at: datetime


def list_left_drafts(
    session: Session, *, workspace_id: UUID, person_id: UUID, since: datetime, limit: int
) -> list[LeftDraft]:
    """Return a person's drafts that did not count or whose item was taken from her, one an item, the newest first.

    Args:
        since: Those that are older are left out; the page of their item still has them.
    """
    newest = func.max(Draft.saved_at)
    mine = (
        select(Draft.item_id, TaskType.name, Submission.external_id, newest)
        .join(Claim, Claim.id == Draft.claim_id)
        .join(Item, Item.id == Draft.item_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(
            Draft.person_id == person_id,
            Draft.workspace_id == workspace_id,
            Draft.saved_at > since,
            Draft.lost | Claim.outcome.in_(_TAKEN_AWAY),
            ~_holds(person_id),
        )
        .group_by(Draft.item_id, TaskType.name, Submission.external_id)
        .order_by(newest.desc(), Draft.item_id)
        .limit(limit)
    )
    return [LeftDraft(*row) for row in session.execute(mine)]


@dataclass(frozen=True)
class OpenedDraft:
    """A draft, opened: a verdict that came too `late`, else what was typed, `{"fields": ...}` at the desk."""

    saved_at: datetime
    late: bool
    body: dict[str, Any]


def read_left_drafts(session: Session, *, item_id: UUID, person_id: UUID, key: DataKey) -> list[OpenedDraft]:
    """Return a person's drafts of an item that she does not hold, the newest first."""
    left = (
        select(Draft.saved_at, Draft.lost, Draft.body)
        .where(Draft.item_id == item_id, Draft.person_id == person_id, ~_holds(person_id))
        .order_by(Draft.saved_at.desc(), Draft.id)
    )
    return [OpenedDraft(at, lost, decode(key.open(body, purpose="draft"))) for at, lost, body in session.execute(left)]


def _holds(person_id: UUID) -> Exists:
    """Say whether somebody holds the item of a draft now."""
    live = aliased(Claim)
    return exists().where(live.item_id == Draft.item_id, live.person_id == person_id, live.ended_at.is_(None))
