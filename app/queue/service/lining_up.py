"""Put items in line: the row of an item that comes in, its event, and how long it will wait.

A line is looked up once for all that comes into it at a time. The rows are made here; the flow in writes them together
with the submission that they belong to, in one go.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.kernel.bulk import Target, id_list, json_text, text_list
from app.queue.models import Calendar, HandlingTime, Queue, QueueLoad
from app.queue.queries import as_business_calendar
from app.queue.rules import (
    WAITING,
    Relaxation,
    add_working_time,
    earliest,
    kept_relaxations,
    next_relaxation_at,
    next_step_at,
    place_in_line,
    soon_at,
    value_of,
)
from app.queue.rules import Calendar as BusinessCalendar
from app.queue.rules.expecting import expected_wait
from app.queue.service.items import find_or_add_queue


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


# Whatever a session read before may have been changed by those who run the queue.
_FIND_LINE: Final = (
    select(Queue, Calendar, HandlingTime.median_ms, QueueLoad)
    .outerjoin(Calendar, Calendar.id == Queue.calendar_id)
    .outerjoin(QueueLoad, QueueLoad.queue_id == Queue.id)
    .outerjoin(
        HandlingTime,
        (HandlingTime.workspace_id == Queue.workspace_id) & (HandlingTime.task_type == bindparam("task_type")),
    )
    .where(Queue.workspace_id == bindparam("workspace"), Queue.name == bindparam("queue"))
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class _Line:
    """The queue that an item comes into, the calendar it works by, how long such items took lately, and its load."""

    queue: Queue
    calendar: BusinessCalendar | None
    handling_ms: int | None
    load: QueueLoad | None
    relaxations: tuple[Relaxation, ...]

    def wait(self, priority: int, now: datetime) -> timedelta | None:
        """Return how long an item that comes in now will wait; None when that cannot honestly be said."""
        if self.queue.paused_at is not None:
            return None
        working = expected_wait(self.load, priority=priority, now=now)
        return None if working is None else add_working_time(self.calendar, now, working) - now


@dataclass(frozen=True)
class _Place:
    """What an item's place in line depends on."""

    priority: int
    due_at: datetime
    log2_value: float


@dataclass(frozen=True)
class Lined:
    """An item in line: its row, and how long it will wait, as far as that can honestly be said."""

    row: dict[str, Any]
    expected_wait: timedelta | None


class Lines:
    """The lines of a workspace that something comes into now; each is looked up once."""

    def __init__(self, session: Session, *, now: datetime, workspace_id: UUID) -> None:
        self._session = session
        self._now = now
        self._workspace_id = workspace_id
        self._known: dict[tuple[str, str], _Line] = {}

    def put(self, new: NewItem, *, item_id: UUID) -> Lined:
        """Return the row of an item that comes in now; a queue comes into being with its first item.

        Args:
            item_id: Of two items that are otherwise the same, the one with the smaller id is served first.
        """
        line = self._line(new.queue, new.task_type)
        return Lined(_item_row(line, new, item_id, self._now, self._workspace_id), line.wait(new.priority, self._now))

    def foresee(self, new: NewItem) -> timedelta | None:
        """Return how long an item would wait that came in now; nothing is written."""
        values = {"workspace": self._workspace_id, "queue": new.queue, "task_type": new.task_type}
        row = self._session.execute(_FIND_LINE, values).one_or_none()
        return None if row is None else _as_line(row).wait(new.priority, self._now)

    def _line(self, queue: str, task_type: str) -> _Line:
        found = self._known.get((queue, task_type))
        if found is None:
            found = self._known[queue, task_type] = self._read(queue, task_type)
        return found

    def _read(self, name: str, task_type: str) -> _Line:
        """Return a line, in one statement when there is one already."""
        values = {"workspace": self._workspace_id, "queue": name, "task_type": task_type}
        row = self._session.execute(_FIND_LINE, values).one_or_none()
        if row is None:
            find_or_add_queue(self._session, now=self._now, workspace_id=self._workspace_id, name=name)
            row = self._session.execute(_FIND_LINE, values).one()
        return _as_line(row)


def _as_line(row: Any) -> _Line:
    queue, calendar, handling_ms, load = row
    business = None if calendar is None else as_business_calendar(calendar)
    return _Line(queue, business, handling_ms, load, kept_relaxations(queue.relaxations))


ITEMS: Final = Target(
    "items",
    {
        "id": "uuid",
        "workspace_id": "uuid",
        "submission_id": "uuid",
        "queue_id": "uuid",
        "state": "text",
        "sort_key": "bigint",
        "priority": "integer",
        "due_at": "timestamptz",
        "soon_at": "timestamptz",
        "step_at": "timestamptz",
        "wake_at": "timestamptz",
        "on_timeout": "text",
        "on_last_timeout": "text",
        "escalation": "jsonb",
        "high_risk": "boolean",
        "log2_value": "double precision",
        "value_terms": "jsonb",
        "expected_ms": "bigint",
        "skills": "text[]",
        "candidates": "uuid[]",
        "barred": "uuid[]",
        "bar_reasons": "jsonb",
        "approvals_required": "integer",
        "rejections_required": "integer",
        "reviews_max": "integer",
        "review_mode": "text",
        "double_probability": "numeric",
        "unskippable": "boolean",
        "voters": "uuid[]",
        "token": "bigint",
        "version": "integer",
        "claim_ms": "bigint",
        "cap_ms": "bigint",
        "created_at": "timestamptz",
    },
)


def _times(line: _Line, new: NewItem, due_at: datetime, now: datetime) -> dict[str, datetime | None]:
    """Return when an item that comes in now is due, due soon, escalated, and to be looked at first."""
    soon = soon_at(line.calendar, since=now, due_at=due_at, soon_ms=line.queue.soon_ms)
    step_at = next_step_at(new.escalation, tier=0, since=now, calendar=line.calendar)
    relaxes = next_relaxation_at(line.relaxations, done=0, since=now, calendar=line.calendar)
    wake_at = earliest(soon, due_at, step_at, relaxes)
    return {"due_at": due_at, "soon_at": soon, "step_at": step_at, "wake_at": wake_at}


def _item_row(line: _Line, new: NewItem, item_id: UUID, now: datetime, workspace_id: UUID) -> dict[str, Any]:
    queue = line.queue
    value = value_of(
        risks=(*new.risks, *(["high"] if new.high_risk else [])),
        confidence=None,
        field_confidences=new.confidences,
        expected_ms=line.handling_ms,
    )
    due_at = new.due_at or add_working_time(line.calendar, now, timedelta(milliseconds=new.due_in_ms))
    place = _Place(new.priority, due_at, value.log2)
    return {
        "id": item_id,
        "workspace_id": workspace_id,
        "submission_id": new.submission_id,
        "queue_id": queue.id,
        "state": WAITING,
        "sort_key": place_in_line(place, value_order=queue.value_order, half_life_ms=queue.half_life_ms),
        "priority": new.priority,
        **_times(line, new, due_at, now),
        "on_timeout": new.on_timeout,
        "on_last_timeout": new.on_last_timeout,
        "escalation": json_text([dict(step) for step in new.escalation]),
        "high_risk": new.high_risk,
        "log2_value": value.log2,
        "value_terms": json_text(value.terms),
        "expected_ms": value.expected_ms,
        "skills": text_list(sorted(new.skills)),
        "candidates": None if new.candidates is None else id_list(new.candidates),
        "barred": id_list(new.barred),
        "bar_reasons": json_text({name.hex: reason for name, reason in new.barred.items()}),
        "approvals_required": new.approvals_required,
        "rejections_required": new.rejections_required,
        "reviews_max": new.reviews_max,
        "review_mode": "blind" if new.blind else "open",
        "double_probability": new.double_probability,
        "unskippable": new.unskippable,
        "voters": "{}",
        "token": 0,
        "version": 0,
        "claim_ms": new.claim_ms,
        "cap_ms": new.cap_ms,
        "created_at": now,
    }
