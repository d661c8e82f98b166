"""Adjustments with the names that people know things by: whose, by whom, of which item, and what was measured.

Called by the pages of adjustments and of one's own time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.adjustments.queries import AdjustmentRow, list_adjustments
from app.identity.models import Person
from app.kernel.paging import Page
from app.queue.models import Claim, Item
from app.submissions.models import Submission, TaskType
from app.timekeeping.models import TimeEntry


@dataclass(frozen=True)
class Adjusted:
    """An adjustment; `item_id`, `task_type` and `measured_ms` are None for time outside of items."""

    row: AdjustmentRow
    person: str
    asked_by: str
    settled_by: str | None
    item_id: UUID | None
    task_type: str | None
    external_id: str | None
    measured_ms: int | None


def list_adjusted(
    session: Session,
    *,
    workspace_id: UUID,
    person_id: UUID | None = None,
    state: str | None = None,
    limit: int,
    cursor: str | None = None,
) -> Page[Adjusted]:
    """Return a page of adjustments, the newest first: of everybody, or of one person's time."""
    page = list_adjustments(
        session, workspace_id=workspace_id, person_id=person_id, state=state, limit=limit, cursor=cursor
    )
    names = _names(session, page.rows)
    claims = _claims(session, [row.claim_id for row in page.rows if row.claim_id is not None])
    rows = [
        Adjusted(
            row,
            names[row.person_id],
            names[row.asked_by],
            None if row.settled_by is None else names[row.settled_by],
            *(claims[row.claim_id] if row.claim_id is not None else (None, None, None, None)),
        )
        for row in page.rows
    ]
    return Page(rows, page.next_cursor)


def _names(session: Session, rows: Sequence[AdjustmentRow]) -> dict[UUID, str]:
    people = {id_ for row in rows for id_ in (row.person_id, row.asked_by, row.settled_by) if id_ is not None}
    rows_of = session.execute(select(Person.id, Person.name).where(Person.id.in_(people)))
    return {row.id: row.name for row in rows_of}


def _claims(session: Session, claim_ids: Sequence[UUID]) -> dict[UUID, tuple[UUID, str, str | None, int]]:
    measured = (
        select(func.coalesce(func.sum(TimeEntry.ms), 0))
        .where(TimeEntry.claim_id == Claim.id, TimeEntry.kind == "active")
        .correlate(Claim)
        .scalar_subquery()
    )
    found = session.execute(
        select(Claim.id, Item.id, TaskType.name, Submission.external_id, measured)
        .join(Item, Item.id == Claim.item_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(Claim.id.in_(claim_ids))
    )
    return {claim_id: (item_id, name, external_id, int(ms)) for claim_id, item_id, name, external_id, ms in found}
