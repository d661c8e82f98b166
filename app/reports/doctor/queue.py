"""Why a queue does not move: what waits in it, who could work it, and what keeps its items from them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queue.models import Queue
from app.queue.queries import find_load, get_queue, working_calendar
from app.queue.rules import add_working_time
from app.queue.rules.diagnosis import (
    LEASE_OVERDUE,
    NOBODY_ELIGIBLE,
    NOBODY_PRESENT,
    NOTHING_WAITING,
    PAST_DUE,
    QUEUE_PAUSED,
    may_ever,
    reasons_for,
)
from app.queue.rules.eligibility import AT_CAPACITY, OTHER_QUEUE, PAUSED
from app.queue.rules.expecting import expected_wait
from app.reports.doctor.colleagues import Member, everybody, list_queue_names
from app.reports.doctor.leases import Leases, look_at_leases

LOOK_AT_MOST: Final = 10_000
# Items that ask for the same are judged once; what asks for something rare beyond so many kinds is not judged.
_KINDS_AT_MOST: Final = 300
USUAL_PRIORITY: Final = 50

_STATE: Final = text("""
SELECT count(*) AS waiting, min(created_at) AS oldest_at, min(due_at) FILTER (WHERE due_at > :now) AS next_due_at,
       count(*) FILTER (WHERE due_at > :now AND soon_at <= :now) AS due_soon,
       count(*) FILTER (WHERE due_at <= :now) AS breached,
       (SELECT count(*) FROM items WHERE queue_id = :queue AND workspace_id = :workspace AND state = 'held') AS held,
       (SELECT count(*) FROM items
         WHERE queue_id = :queue AND workspace_id = :workspace AND state = 'reserved') AS reserved
  FROM ((SELECT created_at, due_at, soon_at FROM items
          WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL
          ORDER BY sort_key, id LIMIT :at_most)
        UNION ALL
        (SELECT created_at, due_at, soon_at FROM items
          WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NOT NULL LIMIT :at_most)) AS waits
""")
_KINDS: Final = text("""
SELECT skills, for_lead, candidates, voters, barred, bar_reasons, assigned_to, count(*) AS n
  FROM ((SELECT skills, for_lead, candidates, voters, barred, bar_reasons, assigned_to FROM items
          WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL
          ORDER BY sort_key, id LIMIT :at_most)
        UNION ALL
        (SELECT skills, for_lead, candidates, voters, barred, bar_reasons, assigned_to FROM items
          WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NOT NULL LIMIT :at_most)) AS waits
 GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY n DESC LIMIT :kinds
""")


@dataclass(frozen=True)
class QueueState:
    """What a queue looks like from outside, as it was at `counted_at`; `capped`: there are more than `waiting` says."""

    queue: Queue
    waiting: int
    oldest_at: datetime | None
    next_due_at: datetime | None
    due_soon: int
    breached: int
    claimed: int
    held: int
    reserved: int
    leases: Leases
    expected_wait: timedelta | None
    counted_at: datetime
    capped: bool


@dataclass(frozen=True)
class _Kind:
    """What some items of a queue ask for alike, and how many they are."""

    queue_id: UUID
    skills: list[str]
    for_lead: bool
    candidates: list[UUID] | None
    voters: list[UUID]
    barred: list[UUID]
    bar_reasons: dict[str, str]
    assigned_to: UUID | None
    n: int


@dataclass(frozen=True)
class QueueDiagnosis:
    """Why a queue does not move.

    `reasons` counts items: those in somebody's hands, those that nobody would be handed now, and for the latter each
    reason that keeps some of them from somebody who works the queue. `people` counts people by how they stand to the
    queue: `able` may work it, `present` of those are there; every other word is what keeps people from it.
    `skills_nobody_has` and `skills_nobody_present_has` count the items that need each.
    """

    state: QueueState
    reasons: dict[str, int]
    people: dict[str, int]
    people_total: int
    skills_nobody_has: dict[str, int]
    skills_nobody_present_has: dict[str, int]
    looked_at: int


def look_at_queue(session: Session, *, now: datetime, workspace_id: UUID, queue_id: UUID) -> QueueState:
    """Return what a queue looks like: counted now if it is short, else as it was last counted.

    Raises:
        NoSuchQueue: also when it is another workspace's.
    """
    queue = get_queue(session, workspace_id=workspace_id, queue_id=queue_id)
    values = {"queue": queue_id, "workspace": workspace_id, "now": now, "at_most": LOOK_AT_MOST}
    found = session.execute(_STATE, values).one()
    load = find_load(session, queue_id=queue_id)
    leases = look_at_leases(session, now=now, workspace_id=workspace_id, queues=frozenset({queue_id}))
    wait = None if queue.paused_at is not None else expected_wait(load, priority=USUAL_PRIORITY, now=now)
    until = None if wait is None else add_working_time(working_calendar(session, queue=queue), now, wait)
    counted: Any = found
    counted_at, capped = now, found.waiting >= LOOK_AT_MOST
    if capped and load is not None and load.waiting >= found.waiting:
        counted, counted_at, capped = load, load.counted_at, not load.complete
    return QueueState(
        queue=queue,
        waiting=counted.waiting,
        oldest_at=counted.oldest_at,
        next_due_at=counted.next_due_at,
        due_soon=counted.due_soon,
        breached=counted.breached,
        claimed=len(leases.all),
        held=found.held,
        reserved=found.reserved,
        leases=leases,
        expected_wait=None if until is None else until - now,
        counted_at=counted_at,
        capped=capped,
    )


def diagnose_queue(session: Session, *, now: datetime, workspace_id: UUID, queue_id: UUID) -> QueueDiagnosis:
    """Say why a queue does not move.

    Raises:
        NoSuchQueue: also when it is another workspace's.
    """
    state = look_at_queue(session, now=now, workspace_id=workspace_id, queue_id=queue_id)
    queues = list_queue_names(session, workspace_id=workspace_id)
    members, total = everybody(session, now=now, workspace_id=workspace_id, queues=queues)
    able = [m for m in members if m.as_seen.enabled and m.as_seen.reviews and queue_id in m.as_seen.worker.queues]
    values = {"queue": queue_id, "at_most": LOOK_AT_MOST, "kinds": _KINDS_AT_MOST}
    kinds = [_Kind(queue_id, *row) for row in session.execute(_KINDS, values)]
    present = [m for m in able if m.as_seen.present]
    return QueueDiagnosis(
        state=state,
        reasons=_reasons(state, kinds, members),
        people=_people(members, able, queue_id),
        people_total=total,
        skills_nobody_has=_unmet(kinds, able),
        skills_nobody_present_has=_unmet(kinds, present),
        looked_at=sum(kind.n for kind in kinds),
    )


def _reasons(state: QueueState, kinds: Sequence[_Kind], members: Sequence[Member]) -> dict[str, int]:
    found = Counter(
        {
            "claimed_by_others": state.claimed - state.leases.overdue,
            LEASE_OVERDUE: state.leases.overdue,
            "held_by_others": state.held,
            "reserved_for_others": state.reserved,
            PAST_DUE: state.breached,
        }
    )
    paused = state.queue.paused_at is not None
    for kind in kinds:
        found.update(_stuck(kind, members, paused=paused))
    nothing = {NOTHING_WAITING: 0} if not state.waiting else {}
    if paused:
        found[QUEUE_PAUSED] = state.waiting
        nothing[QUEUE_PAUSED] = state.waiting
    return {**nothing, **{reason: n for reason, n in found.items() if n}}


def _stuck(kind: _Kind, members: Sequence[Member], *, paused: bool) -> dict[str, int]:
    """Return, for items that nobody who is there would be handed, the reasons, each for all of them."""
    against = [(m.as_seen, reasons_for(kind, m.as_seen, queue_paused=paused)) for m in members]
    if any(not reasons and seen.present for seen, reasons in against):
        return {}
    here = [(seen, reasons) for seen, reasons in against if OTHER_QUEUE not in reasons]
    workers = [reasons for seen, reasons in here if seen.enabled and seen.reviews]
    # Where nobody works the queue at all, what keeps people from it is what there is to say.
    words = {r for reasons in workers or [reasons for _, reasons in against] for r in reasons} - {QUEUE_PAUSED}
    if not any(may_ever(reasons) for _, reasons in against):
        words.add(NOBODY_ELIGIBLE)
    elif not paused:
        words.add(NOBODY_PRESENT)
    return dict.fromkeys(words, kind.n)


def _people(members: Sequence[Member], able: Sequence[Member], queue_id: UUID) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for member in members:
        seen = member.as_seen
        counted.update(seen.obstacles)
        counted[OTHER_QUEUE] += seen.enabled and seen.reviews and queue_id not in seen.worker.queues
    standing = [m.as_seen.standing.hindrance for m in able]
    return {
        "able": len(able),
        "present": sum(m.as_seen.present for m in able),
        **{word: n for word, n in sorted(counted.items()) if n and word not in {PAUSED, AT_CAPACITY}},
        PAUSED: standing.count(PAUSED),
        AT_CAPACITY: standing.count(AT_CAPACITY),
    }


def _unmet(kinds: Sequence[_Kind], people: Sequence[Member]) -> dict[str, int]:
    """Return how many of the items need each skill that none of these people has."""
    had = {skill for member in people for skill in member.as_seen.worker.skills}
    unmet: Counter[str] = Counter()
    for kind in kinds:
        unmet.update(dict.fromkeys(set(kind.skills) - had, kind.n))
    return dict(unmet)
