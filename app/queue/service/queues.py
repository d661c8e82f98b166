"""Say how a queue is worked: its calendar, its order, what may be skipped, when it asks for less.

A queue also comes into being with its first item, under the usual settings. When its order or its timers change, its
open items get their new place from the workers, bit by bit. Called by the queues API, the pages of those who run
queues, and the workers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.clock import read_now
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import new_id
from app.queue.models import Item, Queue
from app.queue.queries import NoSuchCalendar, get_calendar, get_queue, working_calendar
from app.queue.rules import (
    ON_TIME,
    OPEN,
    Calendar,
    earliest,
    kept_relaxations,
    next_relaxation_at,
    place_in_line,
    soon_at,
)
from app.queue.service.calendars import NameTaken

# Before every id.
_FIRST: Final = UUID(int=0)
# An item that was put in line under the old settings is there by then: no transaction lasts so long.
_SETTLED_AFTER: Final = timedelta(seconds=60)
# A change of one of these gives open items another place, or something else to wait for.
_MOVES_ITEMS: Final = ("calendar_id", "value_order", "half_life_ms", "soon_ms", "relaxations")


class UnknownCalendar(Invalid):
    """This workspace has no such calendar."""

    @classmethod
    def at_field(cls) -> "UnknownCalendar":
        """Return the error with the place in the body that names the calendar."""
        return cls(faults=[Fault("/calendar", "is not a calendar of this workspace")])


class QueueRefused(Invalid):
    """A queue cannot be worked like this."""


@dataclass(frozen=True)
class QueueSettings:
    """How a queue is worked. Relaxations: [{"after_ms", "drop": [skill], "candidates": bool}], the earliest first."""

    name: str
    calendar_id: UUID | None = None
    value_order: bool = False
    half_life_ms: int = 14_400_000
    soon_ms: int = 3_600_000
    skip_policy: str = "me_last"
    skip_reasons: Sequence[str] = ()
    relaxations: Sequence[Mapping[str, Any]] = ()
    lapse_ms: int = 14_400_000
    paused: bool = False


def add_queue(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, settings: QueueSettings) -> Queue:
    """Make a queue before its first item comes.

    Raises:
        NameTaken: there is one of that name.
        UnknownCalendar, QueueRefused: the settings do not fit.
    """
    _check(session, workspace_id, settings)
    # Its first item may come at this very moment, and make it.
    made = session.execute(
        insert(Queue)
        .values(id=new_id(), workspace_id=workspace_id, name=settings.name, created_at=now)
        .on_conflict_do_nothing(index_elements=["workspace_id", "name"])
        .returning(Queue.id)
    ).scalar_one_or_none()
    if made is None:
        raise NameTaken(faults=[Fault("/name", "is the name of another queue")])
    queue = session.get_one(Queue, made)
    _apply(queue, settings, now=now)
    session.flush()
    _record(session, now, actor, queue, what="queue.added", changed=sorted(asdict(settings)))
    return queue


def change_queue(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, queue_id: UUID, settings: QueueSettings
) -> Queue:
    """Put these settings in the place of a queue's.

    Raises:
        NoSuchQueue: this workspace has none of that id.
        UnknownCalendar, QueueRefused: as for a new one; its name stays.
    """
    queue = get_queue(session, workspace_id=workspace_id, queue_id=queue_id, lock=True)
    # Everything that says which queue somebody works speaks of it by name.
    if settings.name != queue.name:
        raise QueueRefused(faults=[Fault("/name", "cannot be changed; task types, rules and people name the queue")])
    _check(session, workspace_id, settings)
    before = _values(queue)
    _apply(queue, settings, now=now)
    changed = [name for name, value in _values(queue).items() if value != before[name]]
    if set(changed) & set(_MOVES_ITEMS):
        queue.rekey_from = _FIRST
    session.flush()
    _record(session, now, actor, queue, what="queue.changed", changed=changed)
    return queue


def rekey(session: Session, *, queue_id: UUID, limit: int) -> int:
    """Give up to `limit` open items of a queue the place that its settings say now; return how many were looked at.

    Items keep their locks' order, by id; whoever takes one meanwhile takes it under its old key.
    """
    # New items only refer to the row, and are not kept waiting.
    locked = select(Queue).where(Queue.id == queue_id).with_for_update(key_share=True)
    queue = session.scalars(locked, execution_options={"populate_existing": True}).one()
    if queue.rekey_from is None:
        return 0
    rows = session.execute(
        select(
            Item.id,
            Item.priority,
            Item.created_at,
            Item.due_at,
            Item.soon_at,
            Item.wake_at,
            Item.stage,
            Item.relaxed,
            Item.log2_value,
        )
        .where(Item.queue_id == queue_id, Item.id > queue.rekey_from, Item.state.in_(OPEN))
        .order_by(Item.id)
        .limit(limit)
        .with_for_update()
    ).all()
    if rows:
        calendar = working_calendar(session, queue=queue)
        session.execute(_REKEY, _places(rows, queue, calendar))
        queue.rekey_from = rows[-1].id
    elif queue.changed_at is None or read_now(session) > queue.changed_at + _SETTLED_AFTER:
        queue.rekey_from = None
    session.flush()
    return len(rows)


_REKEY: Final = text("""
UPDATE items SET sort_key = new.key, soon_at = new.soon, wake_at = new.wake
  FROM unnest(CAST(:ids AS uuid[]), CAST(:keys AS bigint[]), CAST(:soons AS timestamptz[]),
              CAST(:wakes AS timestamptz[])) AS new(id, key, soon, wake)
 WHERE items.id = new.id
""")


def _places(rows: Sequence[Any], queue: Queue, calendar: Calendar | None) -> dict[str, list[Any]]:
    """Return the place of each item, and when it is due soon and looked at next, as the settings say now."""
    places: dict[str, list[Any]] = {"ids": [], "keys": [], "soons": [], "wakes": []}
    relaxations = kept_relaxations(queue.relaxations)
    for row in rows:
        soon = row.soon_at
        if row.stage == ON_TIME:
            soon = soon_at(calendar, since=row.created_at, due_at=row.due_at, soon_ms=queue.soon_ms)
        relaxes = next_relaxation_at(relaxations, done=row.relaxed, since=row.created_at, calendar=calendar)
        places["ids"].append(row.id)
        places["keys"].append(place_in_line(row, value_order=queue.value_order, half_life_ms=queue.half_life_ms))
        places["soons"].append(soon)
        places["wakes"].append(earliest(row.wake_at, relaxes, soon if row.stage == ON_TIME else None))
    return places


def _check(session: Session, workspace_id: UUID, settings: QueueSettings) -> None:
    if settings.calendar_id is not None:
        try:
            # Locked, so that it is not removed while a queue begins to work by it.
            get_calendar(session, workspace_id=workspace_id, calendar_id=settings.calendar_id, lock=True)
        except NoSuchCalendar as error:
            raise UnknownCalendar.at_field() from error
    after = [r["after_ms"] for r in settings.relaxations]
    if after != sorted(set(after)):
        raise QueueRefused(faults=[Fault("/relaxations", "must each come later than the one before")])
    for number, relaxation in enumerate(settings.relaxations):
        if not relaxation.get("drop") and not relaxation.get("candidates"):
            raise QueueRefused(faults=[Fault(f"/relaxations/{number}", "drops neither skills nor candidates")])


def _values(queue: Queue) -> dict[str, Any]:
    names = ("calendar_id", "value_order", "half_life_ms", "soon_ms", "skip_policy", "skip_reasons", "relaxations")
    return {name: getattr(queue, name) for name in (*names, "lapse_ms")} | {"paused": queue.paused_at is not None}


def _apply(queue: Queue, settings: QueueSettings, *, now: datetime) -> None:
    queue.name = settings.name
    queue.calendar_id = settings.calendar_id
    queue.value_order = settings.value_order
    queue.half_life_ms = settings.half_life_ms
    queue.soon_ms = settings.soon_ms
    queue.skip_policy = settings.skip_policy
    queue.skip_reasons = list(settings.skip_reasons)
    queue.relaxations = [dict(r) for r in settings.relaxations]
    queue.lapse_ms = settings.lapse_ms
    queue.paused_at = (queue.paused_at or now) if settings.paused else None
    queue.changed_at = now


def _record(session: Session, now: datetime, actor: Actor, queue: Queue, *, what: str, changed: list[str]) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=queue.workspace_id,
        type=what,
        subject_kind="queue",
        subject_id=queue.id,
        details={"name": queue.name, "changed": changed},
    )
