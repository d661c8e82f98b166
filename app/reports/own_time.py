"""A reviewer's own time: what was counted on each of her days, and for which items. Called by her page.

Sums over the ledger, so that every figure is that of the cost report, before its price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, case, cast, distinct, func, select
from sqlalchemy.orm import Session

from app.queue.models import Claim, Item
from app.submissions.models import Submission, TaskType
from app.timekeeping.models import TimeEntry

CLAIMS_AT_MOST = 500


@dataclass(frozen=True)
class Day:
    """One day of a person: time in ms, and how many claims it went into."""

    day: date
    active_ms: int
    idle_ms: int
    claims: int


@dataclass(frozen=True)
class ClaimTime:
    """The time of one claim within a day. `outcome` is None while the claim lasts."""

    claim_id: UUID
    item_id: UUID
    task_type: str
    external_id: str | None
    began_at: datetime
    ended_at: datetime
    active_ms: int
    idle_ms: int
    outcome: str | None


def list_days(
    session: Session, *, workspace_id: UUID, person_id: UUID, tz: str, since: datetime, until: datetime
) -> list[Day]:
    """Return a person's days in a zone with any time counted, the newest first.

    Args:
        since: From when on; `until` is not included.
    """
    day = cast(func.timezone(tz, TimeEntry.starts_at), Date)
    rows = session.execute(
        select(day, *_sums(), func.count(distinct(TimeEntry.claim_id)))
        .where(*_hers(workspace_id, person_id, since, until))
        .group_by(day)
        .order_by(day.desc())
    )
    return [Day(*row) for row in rows]


def list_claim_times(
    session: Session, *, workspace_id: UUID, person_id: UUID, since: datetime, until: datetime
) -> Sequence[ClaimTime]:
    """Return the claims into which a person's time of a period went, in the order in which they began.

    At most CLAIMS_AT_MOST of them.
    """
    found = _claim_times(*_hers(workspace_id, person_id, since, until)).limit(CLAIMS_AT_MOST)
    return [ClaimTime(*row) for row in session.execute(found)]


def find_claim_time(session: Session, *, workspace_id: UUID, person_id: UUID, claim_id: UUID) -> ClaimTime | None:
    """Return the measured time of one of a person's claims that has ended, or None."""
    hers = TimeEntry.workspace_id == workspace_id, TimeEntry.person_id == person_id, TimeEntry.claim_id == claim_id
    row = session.execute(_claim_times(*hers)).one_or_none()
    return None if row is None else ClaimTime(*row)


def _claim_times(*where: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    began = func.min(TimeEntry.starts_at)
    return (
        select(
            Claim.id,
            Claim.item_id,
            TaskType.name,
            Submission.external_id,
            began,
            func.max(TimeEntry.ends_at),
            *_sums(),
            Claim.outcome,
        )
        .join(Claim, Claim.id == TimeEntry.claim_id)
        .join(Item, Item.id == Claim.item_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(*where)
        .group_by(Claim.id, Claim.item_id, TaskType.name, Submission.external_id, Claim.outcome)
        .order_by(began)
    )


def _sums() -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Return active and idle time in ms."""

    def of(kind: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((TimeEntry.kind == kind, TimeEntry.ms), else_=0)), 0)

    return of("active"), of("idle_in_claim")


def _hers(workspace_id: UUID, person_id: UUID, since: datetime, until: datetime) -> tuple[ColumnElement[Any], ...]:
    return (
        TimeEntry.workspace_id == workspace_id,
        TimeEntry.person_id == person_id,
        TimeEntry.starts_at >= since,
        TimeEntry.starts_at < until,
    )
