"""Items: put in line, and moved along the table of transitions, each step with its event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.kernel.ids import new_id
from app.queue.models import Calendar, HandlingTime, Item, Queue, QueueLoad
from app.queue.queries import as_business_calendar
from app.queue.rules import (
    HELD,
    RESERVED,
    WAITING,
    Transition,
    Value,
    add_working_time,
    earliest,
    kept_relaxations,
    next_relaxation_at,
    next_step_at,
    place_in_line,
    soon_at,
    step,
    value_of,
)
from app.queue.rules import Calendar as BusinessCalendar
from app.queue.rules.expecting import expected_wait


@dataclass(frozen=True)
class NewItem:
    """What an item needs to know of its submission, its route and its task type.

    `due_at`: when its time is up; without one it has `due_in_ms` of its queue's business time. `risks` and
    `confidences` are the levels of its actions and what the model said of itself, overall and by field.
    `escalation`: steps as they are kept. `double_probability`: how likely it was to be judged by two people blind to
    each other, if that was drawn; `blind` says what the draw came to. `candidates`: ids of the people and groups that
    may take it, None for everybody; `barred`: those that may not, each with one of BAR_REASONS.
    """

    submission_id: UUID
    task_type: str
    queue: str
    priority: int
    due_in_ms: int
    skills: frozenset[str]
    approvals_required: int
    claim_ms: int
    cap_ms: int
    due_at: datetime | None = None
    on_timeout: str = "escalate"
    on_last_timeout: str = "stay"
    escalation: Sequence[Mapping[str, Any]] = ()
    high_risk: bool = False
    risks: Sequence[str] = ()
    confidences: Sequence[float | None] = ()
    rejections_required: int = 1
    reviews_max: int = 3
    blind: bool = False
    double_probability: Decimal | None = None
    unskippable: bool = False
    candidates: Sequence[UUID] | None = None
    barred: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Line:
    """The queue that an item comes into, the calendar it works by, how long such items took lately, and its load."""

    queue: Queue
    calendar: BusinessCalendar | None
    handling_ms: int | None
    load: QueueLoad | None

    def wait(self, new: "NewItem", now: datetime) -> timedelta | None:
        """Return how long an item that comes in now will wait; None when that cannot honestly be said."""
        if self.queue.paused_at is not None:
            return None
        working = expected_wait(self.load, priority=new.priority, now=now)
        return None if working is None else add_working_time(self.calendar, now, working) - now


@dataclass(frozen=True)
class Enqueued:
    """An item that came in line, and how long it will wait, as far as that can honestly be said."""

    item: Item
    expected_wait: timedelta | None


def find_or_add_queue(session: Session, *, now: datetime, workspace_id: UUID, name: str) -> UUID:
    """Return the queue of this name; it comes into being when something is first put into it."""
    find = select(Queue.id).where(Queue.workspace_id == workspace_id, Queue.name == name)
    found = session.scalar(find)
    if found is None:
        session.execute(
            insert(Queue)
            .values(id=new_id(), workspace_id=workspace_id, name=name, created_at=now)
            .on_conflict_do_nothing(index_elements=["workspace_id", "name"])
        )
        found = session.scalars(find).one()
    return found


def _line(session: Session, now: datetime, workspace_id: UUID, new: NewItem) -> _Line:
    """Return the line that an item comes into, in one statement when there is one already."""
    # Whatever this session read before may have been changed by those who run the queue.
    find = (
        select(Queue, Calendar, HandlingTime.median_ms, QueueLoad)
        .outerjoin(Calendar, Calendar.id == Queue.calendar_id)
        .outerjoin(QueueLoad, QueueLoad.queue_id == Queue.id)
        .outerjoin(
            HandlingTime,
            (HandlingTime.workspace_id == Queue.workspace_id) & (HandlingTime.task_type == new.task_type),
        )
        .where(Queue.workspace_id == workspace_id, Queue.name == new.queue)
        .execution_options(populate_existing=True)
    )
    row = session.execute(find).one_or_none()
    if row is None:
        find_or_add_queue(session, now=now, workspace_id=workspace_id, name=new.queue)
        row = session.execute(find).one()
    queue, calendar, handling_ms, load = row
    return _Line(queue, None if calendar is None else as_business_calendar(calendar), handling_ms, load)


def _times(line: _Line, new: NewItem, now: datetime) -> dict[str, datetime | None]:
    """Return when an item that comes in now is due, due soon, escalated, and to be looked at first."""
    due_at = new.due_at or add_working_time(line.calendar, now, timedelta(milliseconds=new.due_in_ms))
    soon = soon_at(line.calendar, since=now, due_at=due_at, soon_ms=line.queue.soon_ms)
    step_at = next_step_at(new.escalation, tier=0, since=now, calendar=line.calendar)
    relaxes = next_relaxation_at(kept_relaxations(line.queue.relaxations), done=0, since=now, calendar=line.calendar)
    wake_at = earliest(soon, due_at, step_at, relaxes)
    return {"due_at": due_at, "soon_at": soon, "step_at": step_at, "wake_at": wake_at}


def _value(line: _Line, new: NewItem) -> Value:
    return value_of(
        risks=(*new.risks, *(["high"] if new.high_risk else [])),
        confidence=None,
        field_confidences=new.confidences,
        expected_ms=line.handling_ms,
    )


def enqueue(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, new: NewItem) -> Enqueued:
    """Put a submission in line; a queue comes into being with its first item."""
    line = _line(session, now, workspace_id, new)
    value = _value(line, new)
    item = Item(
        id=new_id(),
        workspace_id=workspace_id,
        submission_id=new.submission_id,
        queue_id=line.queue.id,
        state=WAITING,
        priority=new.priority,
        **_times(line, new, now),
        on_timeout=new.on_timeout,
        on_last_timeout=new.on_last_timeout,
        escalation=[dict(step) for step in new.escalation],
        high_risk=new.high_risk,
        log2_value=value.log2,
        value_terms=value.terms,
        expected_ms=value.expected_ms,
        skills=sorted(new.skills),
        candidates=None if new.candidates is None else list(new.candidates),
        barred=list(new.barred),
        bar_reasons={name.hex: reason for name, reason in new.barred.items()},
        approvals_required=new.approvals_required,
        rejections_required=new.rejections_required,
        reviews_max=new.reviews_max,
        review_mode="blind" if new.blind else "open",
        double_probability=new.double_probability,
        unskippable=new.unskippable,
        voters=[],
        token=0,
        version=0,
        claim_ms=new.claim_ms,
        cap_ms=new.cap_ms,
        created_at=now,
    )
    item.sort_key = place_in_line(item, value_order=line.queue.value_order, half_life_ms=line.queue.half_life_ms)
    session.add(item)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="item.enqueued",
        subject_kind="item",
        subject_id=item.id,
        to_state=WAITING,
        details={"queue": new.queue, "priority": new.priority},
    )
    return Enqueued(item, line.wait(new, now))


def bar(item: Item, *, person_id: UUID, reason: str) -> None:
    """Keep a person from a locked item for good; `reason` is one of BAR_REASONS, and the first one given stays."""
    if person_id in item.barred:
        return
    item.barred = [*item.barred, person_id]
    item.bar_reasons = {**item.bar_reasons, person_id.hex: reason}


def leave_to_leads(item: Item) -> None:
    """Let only leads have a locked item from now on, whoever was named as a candidate before."""
    item.for_lead, item.candidates = True, None


def put_last(item: Item, *, person_id: UUID) -> None:
    """Let a person get a locked item back only after everything else."""
    if person_id not in item.skipped_by:
        item.skipped_by = [*item.skipped_by, person_id]


def assign(item: Item, *, to: UUID | None, by: UUID | None, until: datetime | None) -> None:
    """Give a locked item to one person by name until a time, or with `to` None to everybody."""
    item.assigned_to, item.assigned_by, item.assigned_until = to, by if to else None, until if to else None
    if item.assigned_until is not None:
        item.wake_at = item.assigned_until if item.wake_at is None else min(item.wake_at, item.assigned_until)


def unassign(session: Session, *, now: datetime, item: Item) -> None:
    """Let everybody have a locked item that waited for one person by name; a lapse, as the trail calls it."""
    assign(item, to=None, by=None, until=None)
    move(session, now=now, actor=SYSTEM, item=item, act="lapse")


def move(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    item: Item,
    act: str,
    details: Mapping[str, Any] | None = None,
) -> Transition:
    """Make one step of the table of transitions with a locked item, write it down, and return it.

    Raises:
        StepNotAllowed: the item's state does not allow it.
    """
    transition = step(act, item.state)
    item.state = transition.after
    if transition.after not in {RESERVED, HELD}:
        item.held_by = item.reserved_until = None
    # The sweeper may look too early, never too late.
    item.wake_at = earliest(item.wake_at, item.reserved_until, item.assigned_until, item.step_at)
    item.version += 1
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=item.workspace_id,
        type=f"item.{act}",
        subject_kind="item",
        subject_id=item.id,
        from_state=transition.before,
        to_state=transition.after,
        details={"version": item.version, **(details or {})},
    )
    return transition
