"""What the floor looks like: each queue in figures, who has what in hand since when, and what waits in line.

Read-only and bounded: queues come from their last count, hands from the indexes of live claims and kept items, a line
by its place in it. No content is read. Called by the pages of queues and of the floor.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.intake.service import DEFAULT_PRIORITY
from app.kernel.errors import Fault, Invalid
from app.queue.models import Claim, Item, Presence, Queue, QueueLoad
from app.queue.rules import HELD, RESERVED, WAITING
from app.queue.rules.expecting import expected_wait
from app.submissions.models import Submission, TaskType
from app.timekeeping.queries import ClaimSpan, claim_times
from app.timekeeping.rules import active_ms

HANDS_AT_MOST: Final = 500
NEEDS_AT_MOST: Final = 20_000

OPEN_AT_DESK: Final = "open"
KEPT: Final = "kept"
READY: Final = "ready"
GIVEN: Final = "given"


class BadPlace(Invalid):
    """That is no place in this line."""


@dataclass(frozen=True)
class QueueFigures:
    """One queue when it was last counted; every figure is None before the first time.

    `wait` is how long a new item of usual priority will wait in working time, None without an honest basis.
    """

    id: UUID
    name: str
    paused_at: datetime | None
    counted_at: datetime | None
    complete: bool
    waiting: int | None
    oldest_at: datetime | None
    next_due_at: datetime | None
    due_soon: int | None
    breached: int | None
    people_working: int | None
    decided_last_hour: int | None
    wait: timedelta | None


@dataclass(frozen=True)
class InHand:
    """One item that somebody has, or that waits for her alone. `how`: open, kept, ready or given.

    `until` is when her lease, her reservation or what was given to her ends; None for what she keeps.
    """

    how: str
    item_id: UUID
    queue_id: UUID
    queue: str
    task_type: str
    stage: str
    due_at: datetime
    person_id: UUID
    person: str
    since: datetime | None
    until: datetime | None
    active_ms: int | None


@dataclass(frozen=True)
class InLine:
    """One item that waits for whoever may take it."""

    item_id: UUID
    task_type: str
    priority: int
    created_at: datetime
    due_at: datetime
    stage: str
    skills: tuple[str, ...]
    for_lead: bool
    flagged: bool
    terms: dict[str, Any]
    place: str


def read_figures(session: Session, *, workspace_id: UUID, now: datetime) -> list[QueueFigures]:
    """Return every queue of a workspace as it was last counted, by name."""
    rows = session.execute(
        select(Queue, QueueLoad)
        .outerjoin(QueueLoad, QueueLoad.queue_id == Queue.id)
        .where(Queue.workspace_id == workspace_id)
        .order_by(Queue.name)
        .execution_options(populate_existing=True)
    )
    return [_figures(queue, load, now) for queue, load in rows]


def _figures(queue: Queue, load: QueueLoad | None, now: datetime) -> QueueFigures:
    if load is None:
        nothing = (None,) * 7
        return QueueFigures(queue.id, queue.name, queue.paused_at, None, True, *nothing, None)
    return QueueFigures(
        queue.id,
        queue.name,
        queue.paused_at,
        load.counted_at,
        load.complete,
        load.waiting,
        load.oldest_at,
        load.next_due_at,
        load.due_soon,
        load.breached,
        load.people_working,
        load.decided_last_hour,
        expected_wait(load, priority=DEFAULT_PRIORITY, now=now),
    )


def list_in_hand(session: Session, *, workspace_id: UUID, now: datetime, queue_id: UUID | None = None) -> list[InHand]:
    """Return what people have in hand in a workspace or in one queue, at most HANDS_AT_MOST of each kind, by person."""
    rows = [
        *_claimed(session, workspace_id, now, queue_id),
        *_kept(session, workspace_id, queue_id),
        *_given(session, workspace_id, queue_id),
    ]
    order = (OPEN_AT_DESK, KEPT, READY, GIVEN)
    return sorted(rows, key=lambda row: (row.person, row.person_id, order.index(row.how), row.item_id))


def _claimed(session: Session, workspace_id: UUID, now: datetime, queue_id: UUID | None) -> list[InHand]:
    query = (
        select(Item, Queue.name, TaskType.name, Person.name, Claim)
        .join(Claim, (Claim.item_id == Item.id) & Claim.ended_at.is_(None))
        .join(Person, Person.id == Claim.person_id)
    )
    rows = session.execute(_of(query, workspace_id, queue_id).order_by(Claim.claimed_at)).all()
    spans = [ClaimSpan(r[4].id, r[4].person_id, r[4].claimed_at, r[4].ended_at, r[4].cap_ms) for r in rows]
    times = claim_times(session, claims=spans) if spans else []
    return [
        _hand(OPEN_AT_DESK, row, row[4].person_id, row[4].claimed_at, row[4].expires_at, active_ms(time, now))
        for row, time in zip(rows, times, strict=True)
    ]


def _kept(session: Session, workspace_id: UUID, queue_id: UUID | None) -> list[InHand]:
    # What is kept was put aside when the newest claim of it ended.
    aside = select(func.max(Claim.ended_at)).where(Claim.item_id == Item.id).correlate(Item).scalar_subquery()
    query = select(Item, Queue.name, TaskType.name, Person.name, aside).join(Person, Person.id == Item.held_by)
    query = query.where(Item.state.in_((RESERVED, HELD)))
    return [
        _hand(KEPT, row, row[0].held_by, row[4], None)
        if row[0].state == HELD
        else _hand(READY, row, row[0].held_by, None, row[0].reserved_until)
        for row in session.execute(_of(query, workspace_id, queue_id).order_by(Item.id))
    ]


def _given(session: Session, workspace_id: UUID, queue_id: UUID | None) -> list[InHand]:
    query = select(Item, Queue.name, TaskType.name, Person.name).join(Person, Person.id == Item.assigned_to)
    query = query.where(Item.state == WAITING, Item.assigned_to.is_not(None))
    rows = session.execute(_of(query, workspace_id, queue_id).order_by(Item.sort_key, Item.id))
    return [_hand(GIVEN, row, row[0].assigned_to, None, row[0].assigned_until) for row in rows]


def _of(query: Any, workspace_id: UUID, queue_id: UUID | None) -> Any:
    query = (
        query.join(Queue, Queue.id == Item.queue_id)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(Item.workspace_id == workspace_id)
        .limit(HANDS_AT_MOST)
    )
    return query if queue_id is None else query.where(Item.queue_id == queue_id)


def _hand(  # noqa: PLR0917  # a row and what differs between the kinds
    how: str,
    row: Any,
    person_id: UUID,
    since: datetime | None,
    until: datetime | None,
    active: int | None = None,
) -> InHand:
    item, queue, task_type, person = row[:4]
    return InHand(
        how,
        item.id,
        item.queue_id,
        queue,
        task_type,
        item.stage,
        item.due_at,
        person_id,
        person,
        since,
        until,
        active,
    )


def list_line(session: Session, *, queue_id: UUID, limit: int, after: str | None = None) -> list[InLine]:
    """Return items in the order in which they are served, from behind a place on; at most `limit`.

    Raises:
        BadPlace: `after` was not made here.
    """
    query = (
        select(Item, TaskType.name)
        .join(Submission, Submission.id == Item.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .where(Item.queue_id == queue_id, Item.state == WAITING, Item.assigned_to.is_(None))
        .order_by(Item.sort_key, Item.id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(tuple_(Item.sort_key, Item.id) > _read_place(after))
    return [
        InLine(
            i.id,
            name,
            i.priority,
            i.created_at,
            i.due_at,
            i.stage,
            tuple(i.skills),
            i.for_lead,
            i.flagged,
            i.value_terms,
            f"{i.sort_key}-{i.id.hex}",
        )
        for i, name in session.execute(query)
    ]


def _read_place(text: str) -> tuple[int, UUID]:
    key, _, digits = text.partition("-")
    if not (key.isascii() and key.isdigit() and len(key) <= 18 and len(digits) == 32):
        raise BadPlace(faults=[Fault("after", "was not made by this service")])
    try:
        return int(key), UUID(hex=digits)
    except ValueError as error:
        raise BadPlace(faults=[Fault("after", "was not made by this service")]) from error


def list_presences(session: Session, *, workspace_id: UUID) -> dict[UUID, Presence]:
    """Return what is known of everybody's being there, by person."""
    rows = session.scalars(
        select(Presence).where(Presence.workspace_id == workspace_id), execution_options={"populate_existing": True}
    )
    return {row.person_id: row for row in rows}


def count_needs(session: Session, *, workspace_id: UUID, queue_id: UUID | None = None) -> dict[str, int]:
    """Return how many waiting items need each skill; at most NEEDS_AT_MOST items are looked at."""
    mine = Item.workspace_id == workspace_id if queue_id is None else Item.queue_id == queue_id
    some = (
        select(Item.skills)
        .where(mine, Item.state == WAITING, func.cardinality(Item.skills) > 0)
        .limit(NEEDS_AT_MOST)
        .subquery()
    )
    each = select(func.unnest(some.c.skills).label("skill")).subquery()
    return {row[0]: row[1] for row in session.execute(select(each.c.skill, func.count()).group_by(each.c.skill))}
