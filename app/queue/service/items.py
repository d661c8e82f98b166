"""Items: put in line, and moved along the table of transitions, each step with its event."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.kernel.ids import new_id
from app.queue.models import Item, Queue
from app.queue.rules import HELD, RESERVED, WAITING, Transition, sort_key, step


@dataclass(frozen=True)
class NewItem:
    """What an item needs to know of its submission, its route and its task type.

    `double_probability`: how likely it was to be judged by two people blind to each other, if that was drawn;
    `blind` says what the draw came to.
    """

    submission_id: UUID
    queue: str
    priority: int
    due_at: datetime
    skills: frozenset[str]
    approvals_required: int
    claim_ms: int
    cap_ms: int
    rejections_required: int = 1
    reviews_max: int = 3
    blind: bool = False
    double_probability: Decimal | None = None
    unskippable: bool = False


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


def enqueue(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, new: NewItem) -> Item:
    """Put a submission in line; a queue comes into being with its first item."""
    item = Item(
        id=new_id(),
        workspace_id=workspace_id,
        submission_id=new.submission_id,
        queue_id=find_or_add_queue(session, now=now, workspace_id=workspace_id, name=new.queue),
        state=WAITING,
        sort_key=sort_key(new.priority, new.due_at),
        priority=new.priority,
        due_at=new.due_at,
        skills=sorted(new.skills),
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
    return item


def bar(item: Item, *, person_id: UUID, reason: str) -> None:
    """Keep a person from a locked item for good; `reason` is one of BAR_REASONS, and the first one given stays."""
    if person_id in item.barred:
        return
    item.barred = [*item.barred, person_id]
    item.bar_reasons = {**item.bar_reasons, person_id.hex: reason}


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
