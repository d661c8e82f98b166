"""What time does to an item: which acts are pending, and when the next one is due.

Everything that waits for an instant stands in one list here: the end of a reservation, the lapse of an assignment, the
relaxation of skills, the marks for due soon and breached, escalation steps, and what happens when the time is up. The
row's `wake_at` is the earliest of them, so one index tells the sweeper where to look. Pure; called by the timers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.queue.rules.calendars import Calendar, add_working_time, working_time_between
from app.queue.rules.lifecycle import BREACHED, ON_TIME, RESERVED, WAITING

# What the service does of itself.
UNRESERVE: Final = "unreserve"
LAPSE: Final = "lapse"
RELAX: Final = "relax"
BREACH: Final = "breach"
DUE_SOON: Final = "due_soon"
ESCALATE: Final = "escalate"
REJECT: Final = "reject"
USE_OUTPUT: Final = "use_output"
EXPIRE: Final = "expire"
STAY: Final = "stay"
OUTCOMES: Final = (REJECT, USE_OUTPUT, EXPIRE)
ON_TIMEOUT: Final = (*OUTCOMES, ESCALATE)
ON_LAST_TIMEOUT: Final = (STAY, *OUTCOMES)
# In which order, when several are due at once.
_ORDER: Final = (UNRESERVE, LAPSE, BREACH, *OUTCOMES, ESCALATE, RELAX, DUE_SOON)


@dataclass(frozen=True)
class Relaxation:
    """After how much business time in line which skills are no longer asked for, and whether candidates fall."""

    after_ms: int
    drop: frozenset[str] = frozenset()
    candidates: bool = False


def kept_relaxations(documents: Iterable[Mapping[str, Any]]) -> tuple[Relaxation, ...]:
    """Read a queue's relaxations as they are kept."""
    return tuple(Relaxation(d["after_ms"], frozenset(d.get("drop", ())), d.get("candidates", False)) for d in documents)


def next_relaxation_at(
    relaxations: Sequence[Relaxation], *, done: int, since: datetime, calendar: Calendar | None
) -> datetime | None:
    """Return when the next relaxation is due for an item in line since `since`; None when none is left."""
    if done >= len(relaxations):
        return None
    return add_working_time(calendar, since, timedelta(milliseconds=relaxations[done].after_ms))


def soon_at(calendar: Calendar | None, *, since: datetime, due_at: datetime, soon_ms: int) -> datetime:
    """Return when so little business time is left that an item counts as due soon; not before it came in."""
    left = working_time_between(calendar, since, due_at) - timedelta(milliseconds=soon_ms)
    return add_working_time(calendar, since, left) if left > timedelta(0) else min(since, due_at)


@dataclass(frozen=True)
class Clockwork:
    """An item as time sees it. `steps` is how many escalation steps it has; calendar and relaxations its queue's."""

    state: str
    stage: str
    created_at: datetime
    due_at: datetime
    soon_at: datetime | None
    step_at: datetime | None
    on_timeout: str
    on_last_timeout: str
    steps: int
    tier: int
    relaxed: int
    reserved_until: datetime | None
    assigned_until: datetime | None
    calendar: Calendar | None
    relaxations: tuple[Relaxation, ...]

    def pending(self) -> dict[str, datetime]:
        """Return what will happen by itself if nobody does anything, and when."""
        acts: dict[str, datetime | None] = {
            UNRESERVE: self.reserved_until if self.state == RESERVED else None,
            LAPSE: self.assigned_until if self.state == WAITING else None,
            RELAX: next_relaxation_at(
                self.relaxations, done=self.relaxed, since=self.created_at, calendar=self.calendar
            ),
            DUE_SOON: self.soon_at if self.stage == ON_TIME else None,
            BREACH: self.due_at if self.stage != BREACHED else None,
            ESCALATE: self.step_at if self.tier < self.steps else None,
        }
        # What comes of it comes after the mark, so that the trail says both.
        if self.stage == BREACHED and (outcome := self._outcome()) is not None:
            acts[outcome] = self.due_at
        return {act: at for act, at in acts.items() if at is not None}

    def _outcome(self) -> str | None:
        """Return what happens when the time is up; None when the item stays as it is."""
        if self.on_timeout != ESCALATE:
            return self.on_timeout
        if self.tier < self.steps:
            return ESCALATE
        return None if self.on_last_timeout == STAY else self.on_last_timeout

    def next_act(self, at: datetime) -> str | None:
        """Return what has to happen now, or None when nothing has; ask again after each."""
        pending = self.pending()
        return next((act for act in _ORDER if act in pending and pending[act] <= at), None)

    def wake_at(self) -> datetime | None:
        """Return when to look at the item next, or None when time will not touch it any more."""
        return earliest(*self.pending().values())


def earliest(*instants: datetime | None) -> datetime | None:
    """Return the earliest of these instants, leaving out those that never come."""
    return min((i for i in instants if i is not None), default=None)
