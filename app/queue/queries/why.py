"""Say how a person stands, and why there is nothing for her: how many items each reason keeps from her.

Called by the flows that hand items out, and by the queue doctor.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, text
from sqlalchemy.orm import Session

from app.queue.models import Claim, Item, Presence, Queue, QueueLoad
from app.queue.rules import RESERVED, Standing, Worker

# Whoever asks pays for no more rows than this; what lies beyond is taken from the last count of its queue.
LOOK_AT_MOST: Final = 20_000
_LOOK_AT_LEAST: Final = 200
_SEEN: Final = (
    "id, queue_id, state, skills, for_lead, candidates, voters, barred, bar_reasons, assigned_to, held_by, skipped_by, "
    "due_at"
)

# Each open item counts once, under the first reason that keeps it from her; the order is that of REASONS. The same
# conditions as in the statements that hand items out (service/claims.py); tests hold the two against each other. Only
# partial indexes of what is open are walked, so that what was decided long ago costs nothing.
_WHY_NOTHING: Final = text(f"""
WITH line AS (
  SELECT i.* FROM queues AS q
   CROSS JOIN LATERAL (
     SELECT {_SEEN} FROM items
      WHERE queue_id = q.id AND state = 'waiting' AND assigned_to IS NULL
      ORDER BY sort_key, id LIMIT :per_queue) AS i
   WHERE q.workspace_id = :workspace
  UNION ALL
  (SELECT {_SEEN} FROM items
    WHERE workspace_id = :workspace AND state = 'waiting' AND assigned_to IS NOT NULL LIMIT :at_most)
  UNION ALL
  (SELECT {_SEEN} FROM items
    WHERE workspace_id = :workspace AND state IN ('reserved', 'held') LIMIT :at_most)
  UNION ALL
  (SELECT {_SEEN} FROM items WHERE id IN (
     SELECT item_id FROM claims WHERE workspace_id = :workspace AND ended_at IS NULL LIMIT :at_most))
)
SELECT queue_id, reason, count(*) AS n, count(*) FILTER (WHERE in_line) AS in_line,
       count(*) FILTER (WHERE skipped AND reason = 'free') AS skipped,
       count(*) FILTER (WHERE state = 'waiting' AND due_at <= clock_timestamp()) AS past_due,
       min(due_at) FILTER (WHERE state = 'waiting' AND due_at > clock_timestamp()) AS next_due_at
  FROM (
  SELECT i.queue_id, i.state, i.due_at, :person = ANY(i.skipped_by) AS skipped,
         i.state = 'waiting' AND i.assigned_to IS NULL AS in_line, CASE
    WHEN i.state = 'claimed' THEN CASE WHEN c.person_id = :person THEN 'claimed_by_me'
                                       WHEN c.expires_at <= clock_timestamp() THEN 'lease_overdue'
                                       ELSE 'claimed_by_others' END
    WHEN i.state = 'held' THEN CASE WHEN i.held_by = :person THEN 'held_by_me' ELSE 'held_by_others' END
    WHEN i.state = 'reserved' THEN CASE WHEN i.held_by = :person THEN 'reserved_for_me' ELSE 'reserved_for_others' END
    WHEN q.paused_at IS NOT NULL THEN 'queue_paused'
    WHEN i.assigned_to IS DISTINCT FROM :person AND NOT (i.queue_id = ANY(CAST(:queues AS uuid[]))) THEN 'other_queue'
    WHEN i.assigned_to <> :person THEN 'assigned_to_others'
    WHEN i.for_lead AND NOT :lead THEN 'for_lead'
    WHEN NOT (i.candidates IS NULL OR i.candidates && CAST(:names AS uuid[])) THEN 'not_candidate'
    WHEN :person = ANY(i.voters) THEN 'voted_already'
    WHEN i.barred && CAST(:names AS uuid[]) THEN coalesce(
         (SELECT i.bar_reasons ->> replace(name::text, '-', '')
            FROM unnest(CAST(:names AS uuid[])) WITH ORDINALITY AS own(name, n)
           WHERE name = ANY(i.barred) AND i.bar_reasons ? replace(name::text, '-', '') ORDER BY n LIMIT 1), 'excluded')
    WHEN NOT (i.skills <@ CAST(:skills AS text[])) THEN 'missing_skill'
    ELSE coalesce(CAST(:hindrance AS text), 'free') END AS reason
    FROM line AS i
    JOIN queues AS q ON q.id = i.queue_id
    LEFT JOIN claims AS c ON c.item_id = i.id AND c.ended_at IS NULL
   WHERE CAST(:only AS uuid) IS NULL OR i.queue_id = :only OR i.assigned_to = :person OR i.held_by = :person
) AS each GROUP BY queue_id, reason
""")  # noqa: S608  # a constant of this module
_FRESH: Final = {"populate_existing": True}
_IN_HAND: Final = ("claimed_", "held_", "reserved_", "lease_")


@dataclass(frozen=True)
class Line:
    """What one person sees of everything that is open.

    `why` counts items by the first reason that keeps each from her; `free` are those that nothing does, `skipped` those
    of them that she skipped before. `capped`: some queue has more than was looked at; where its last count tells,
    `waiting` and the reasons that hold for a whole queue go by that, and `counted_at` says how old the oldest of
    those counts is.
    """

    waiting: int = 0
    why: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    past_due: int = 0
    next_due_at: datetime | None = None
    capped: bool = False
    counted_at: datetime | None = None

    @property
    def free(self) -> int:
        """Return how many items she could have at once."""
        return self.why.get("free", 0)


def look_along(
    session: Session,
    *,
    workspace_id: UUID,
    worker: Worker,
    hindrance: str | None = None,
    only: UUID | None = None,
    at_most: int = LOOK_AT_MOST,
) -> Line:
    """Return what is open, and how much of it each reason keeps from a person.

    Args:
        hindrance: What keeps her from every item alike.
        only: One queue, if she asked for one.
        at_most: How many items to look at, shared among the queues.
    """
    every = select(Queue.id, QueueLoad).outerjoin(QueueLoad, QueueLoad.queue_id == Queue.id)
    known = session.execute(every.where(Queue.workspace_id == workspace_id), execution_options=_FRESH).all()
    loads = {queue_id: load for queue_id, load in known if load is not None}
    per_queue = max(at_most // max(1, len(known)), min(at_most, _LOOK_AT_LEAST))
    rows = session.execute(
        _WHY_NOTHING,
        {
            "workspace": workspace_id,
            "person": worker.person_id,
            "queues": list(worker.queues),
            "skills": list(worker.skills),
            "names": worker.names,
            "lead": worker.lead,
            "hindrance": hindrance,
            "only": only,
            "per_queue": per_queue,
            "at_most": at_most,
        },
    ).all()
    return _line(rows, loads, per_queue)


def _line(rows: Sequence[Row[Any]], loads: Mapping[UUID, QueueLoad], per_queue: int) -> Line:
    """Add up what was seen, and what the last count says of the rest of a queue that was not looked at whole."""
    why: Counter[str] = Counter()
    in_line: Counter[UUID] = Counter()
    whole: dict[UUID, str] = {}
    for row in rows:
        why[row.reason] += row.n
        in_line[row.queue_id] += row.in_line
        if row.reason in {"queue_paused", "other_queue"} and row.in_line:
            whole[row.queue_id] = row.reason
    waiting = sum(n for reason, n in why.items() if not reason.startswith(_IN_HAND))
    full = [queue_id for queue_id, seen in in_line.items() if seen >= per_queue]
    for queue_id in full:
        beyond = max(0, loads[queue_id].waiting - in_line[queue_id]) if queue_id in loads else 0
        waiting += beyond
        if queue_id in whole:
            why[whole[queue_id]] += beyond
    return Line(
        waiting=waiting,
        why=dict(why),
        skipped=sum(row.skipped for row in rows),
        past_due=sum(row.past_due for row in rows),
        next_due_at=min((row.next_due_at for row in rows if row.next_due_at is not None), default=None),
        capped=bool(full),
        counted_at=min((loads[queue_id].counted_at for queue_id in full if queue_id in loads), default=None),
    )


def counts(line: Line, *, hindrance: str | None = None) -> dict[str, int]:
    """Return, for somebody who got no item, how many there are and how many each reason keeps from her.

    `waiting` counts all that wait; every other word is a reason and counts the items that it is the first to keep
    from her. `free` is what came free while she asked.

    Args:
        hindrance: What keeps her from every item alike; it is named even where no item is left for it.
    """
    usual = dict.fromkeys(("claimed_by_others", "other_queue", "missing_skill", "voted_already"), 0)
    hindered = {} if hindrance is None else {hindrance: 0}
    return {"waiting": line.waiting, **usual, **hindered, **line.why}


def find_presence(session: Session, *, workspace_id: UUID, person_id: UUID) -> Presence | None:
    """Return what is known of a person's being there."""
    return session.get(Presence, (workspace_id, person_id), populate_existing=True)


SEEN_GRAIN: Final = timedelta(minutes=1)
_STANDING: Final = text("""
SELECT p.paused_at, p.seen_at >= clock_timestamp() - :grain AS seen_lately,
       (SELECT count(*) FROM claims WHERE workspace_id = :workspace AND person_id = :person AND ended_at IS NULL)
     + (SELECT count(*) FROM items WHERE workspace_id = :workspace AND held_by = :person
                                     AND state IN ('reserved', 'held')) AS in_hand,
       (SELECT id FROM items WHERE workspace_id = :workspace AND held_by = :person AND state = 'reserved') AS reserved
  FROM (SELECT 1) AS one LEFT JOIN presences AS p ON p.workspace_id = :workspace AND p.person_id = :person
""")


def standing_of(session: Session, *, workspace_id: UUID, person_id: UUID, capacity: int | None) -> Standing:
    """Return how a person stands: whether she paused, how much she has in hand of what she may, what is kept ready."""
    row = session.execute(_STANDING, {"workspace": workspace_id, "person": person_id, "grain": SEEN_GRAIN}).one()
    return Standing(row.paused_at, row.in_hand, capacity, row.reserved, bool(row.seen_lately))


def list_paused(session: Session, *, workspace_id: UUID) -> set[UUID]:
    """Return the people of a workspace who have paused."""
    paused = select(Presence.person_id).where(Presence.workspace_id == workspace_id, Presence.paused_at.is_not(None))
    return set(session.scalars(paused))


def next_free(session: Session, *, workspace_id: UUID) -> datetime | None:
    """Return when the next lease or reservation of a workspace runs out at the latest, or None when nobody has any."""
    lease = select(func.min(Claim.expires_at)).where(Claim.workspace_id == workspace_id, Claim.ended_at.is_(None))
    kept = select(func.min(Item.reserved_until)).where(Item.workspace_id == workspace_id, Item.state == RESERVED)
    return min((at for at in (session.scalar(lease), session.scalar(kept)) if at is not None), default=None)
