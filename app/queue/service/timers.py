"""What time does to an item, one act after the other: marks, steps, relaxations, and what was promised until a time.

An outcome of a time-out is the business of review; everything else is done here. The item is locked by the caller, and
its instants were compared with the clock read after that. Called by the flow out, which the sweeper runs.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM
from app.kernel.instants import instant_text
from app.queue.models import Item, Queue
from app.queue.queries import working_calendar
from app.queue.rules import (
    BREACHED,
    DUE_SOON,
    ON_TIME,
    OPEN,
    WAITING,
    Clockwork,
    add_working_time,
    kept_relaxations,
    place_in_line,
    soon_at,
)
from app.queue.rules.timing import BREACH, ESCALATE, LAPSE, RELAX, UNRESERVE
from app.queue.rules.timing import DUE_SOON as MARK_DUE_SOON
from app.queue.service.escalating import take_step
from app.queue.service.items import move


def try_lock_waking(session: Session, *, item_id: UUID) -> Item | None:
    """Lock an open item that time has something to do with, or return None when somebody is at work on it."""
    free = select(Item).where(Item.id == item_id, Item.state.in_(OPEN)).with_for_update(skip_locked=True)
    return session.scalar(free, execution_options={"populate_existing": True})


def clockwork(session: Session, *, item: Item) -> Clockwork:
    """Return an item as time sees it, with the settings of its queue as they are now."""
    # Read once for all items of a unit of work, which is short.
    queue = session.get_one(Queue, item.queue_id)
    calendar = working_calendar(session, queue=queue)
    if item.soon_at is None:
        item.soon_at = soon_at(calendar, since=item.created_at, due_at=item.due_at, soon_ms=queue.soon_ms)
    return Clockwork(
        state=item.state,
        stage=item.stage,
        created_at=item.created_at,
        due_at=item.due_at,
        soon_at=item.soon_at,
        step_at=item.step_at,
        on_timeout=item.on_timeout,
        on_last_timeout=item.on_last_timeout,
        steps=len(item.escalation),
        tier=item.tier,
        relaxed=item.relaxed,
        reserved_until=item.reserved_until,
        assigned_until=item.assigned_until,
        calendar=calendar,
        relaxations=kept_relaxations(queue.relaxations),
    )


def act_in_time(session: Session, *, now: datetime, item: Item, act: str, timed: Clockwork) -> None:
    """Do what is due with a locked item: a mark, a step, a relaxation, or the end of what was promised."""
    details: dict[str, object] = {}
    if act == LAPSE:
        item.assigned_to = item.assigned_by = item.assigned_until = None
    elif act == MARK_DUE_SOON:
        item.stage = DUE_SOON
        details = {"due_at": instant_text(item.due_at)}
    elif act == BREACH:
        item.stage = BREACHED
        details = {"due_at": instant_text(item.due_at)}
    elif act == RELAX:
        details = _relax(item, timed)
        if not details:
            return
    elif act == ESCALATE:
        details = _escalate(session, now, item, timed)
    else:
        assert act == UNRESERVE, act  # noqa: S101  # outcomes are the business of review
    move(session, now=now, actor=SYSTEM, item=item, act=act, details=details)


def _relax(item: Item, timed: Clockwork) -> dict[str, object]:
    """Ask for less; return what fell, nothing when the item asked for none of it."""
    relaxation = timed.relaxations[item.relaxed]
    item.relaxed += 1
    dropped = sorted(relaxation.drop & set(item.skills))
    fell: dict[str, object] = {}
    if dropped:
        item.skills = [skill for skill in item.skills if skill not in relaxation.drop]
        fell["dropped"] = dropped
    if relaxation.candidates and item.candidates is not None:
        item.candidates = None
        fell["candidates"] = "everybody"
    return fell


def _escalate(session: Session, now: datetime, item: Item, timed: Clockwork) -> dict[str, object]:
    """Take the next step. Whoever holds the item keeps it; one whose time is up gets a new one."""
    waited_ms = item.escalation[item.tier]["after_ms"]
    facts = take_step(session, now=now, item=item) or {}
    if item.state == WAITING:
        item.assigned_to = item.assigned_by = item.assigned_until = None
    queue = session.get_one(Queue, item.queue_id)
    calendar = working_calendar(session, queue=queue)
    if now >= item.due_at and timed.on_timeout == ESCALATE:
        # Until the step that follows, or once more as long as the step that was taken waited.
        item.due_at = item.step_at or add_working_time(calendar, now, timedelta(milliseconds=waited_ms))
        item.stage = ON_TIME
        item.sort_key = place_in_line(item, value_order=queue.value_order, half_life_ms=queue.half_life_ms)
    item.soon_at = soon_at(calendar, since=now, due_at=item.due_at, soon_ms=queue.soon_ms)
    return {**facts, "due_at": instant_text(item.due_at)}


def sleep_until_next(session: Session, *, item: Item) -> datetime | None:
    """Write down when the sweeper has to look at a locked item next, and return it; None is never."""
    item.wake_at = clockwork(session, item=item).wake_at()
    session.flush()
    return item.wake_at


def postpone(session: Session, *, item_id: UUID, until: datetime) -> None:
    """Let an item that could not be tended rest for a while, so that it does not hold up the others."""
    item = try_lock_waking(session, item_id=item_id)
    if item is not None:
        item.wake_at = until
        session.flush()
