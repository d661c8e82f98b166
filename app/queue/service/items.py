"""Items: moved along the table of transitions, each step with its event; given to and kept from people."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.kernel.ids import new_id
from app.queue.models import Item, Queue
from app.queue.rules import HELD, RESERVED, Transition, earliest, step


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
