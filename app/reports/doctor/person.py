"""Why there is nothing for a person: how she stands, what is open, and how much of it each reason keeps from her."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.identity.queries import get_membership
from app.queue.queries import Line, look_along
from app.queue.rules.diagnosis import NOTHING_WAITING, SKIPPED
from app.reports.doctor.colleagues import Member, as_colleagues, list_queue_names
from app.reports.doctor.leases import Leases, look_at_leases


@dataclass(frozen=True)
class PersonDiagnosis:
    """Why a person gets nothing, or that she would get something.

    `obstacles` keep her from everything; `reasons` counts the open items by the first reason that keeps each from her,
    with every obstacle in it. `free` is how many she could have now, `skipped` how many of those she skipped before.
    """

    member: Member
    obstacles: tuple[str, ...]
    reasons: dict[str, int]
    free: int
    skipped: int
    waiting: int
    past_due: int
    next_due_at: datetime | None
    leases: Leases
    in_hand: int
    queues: tuple[str, ...]
    capped: bool
    counted_at: datetime


def diagnose_person(session: Session, *, now: datetime, workspace_id: UUID, person_id: UUID) -> PersonDiagnosis:
    """Say why a person gets nothing.

    Raises:
        NoSuchPerson: she does not belong to this workspace.
    """
    row = get_membership(session, workspace_id=workspace_id, person_id=person_id)
    queues = list_queue_names(session, workspace_id=workspace_id)
    (member,) = as_colleagues(session, now=now, workspace_id=workspace_id, rows=[row], queues=queues)
    seen = member.as_seen
    obstacles = tuple(seen.obstacles)
    line = look_along(
        session,
        workspace_id=workspace_id,
        worker=seen.worker,
        hindrance=obstacles[0] if obstacles else None,
    )
    return PersonDiagnosis(
        member=member,
        obstacles=obstacles,
        reasons=_reasons(line, obstacles),
        free=line.free,
        skipped=line.skipped,
        waiting=line.waiting,
        past_due=line.past_due,
        next_due_at=line.next_due_at,
        leases=look_at_leases(
            session, now=now, workspace_id=workspace_id, queues=frozenset(seen.worker.queues), besides=person_id
        ),
        in_hand=seen.standing.in_hand,
        queues=tuple(q.name for q in queues if q.id in seen.worker.queues),
        capped=line.capped,
        counted_at=line.counted_at or now,
    )


def _reasons(line: Line, obstacles: tuple[str, ...]) -> dict[str, int]:
    """Return what keeps the open items from her; an obstacle is told also where it keeps no item from her."""
    found = {reason: n for reason, n in line.why.items() if reason != "free" and n}
    if not line.waiting:
        found[NOTHING_WAITING] = 0
    if line.skipped:
        found[SKIPPED] = line.skipped
    return {**dict.fromkeys(obstacles, 0), **found}
