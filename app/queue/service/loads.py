"""Count what waits in a queue, so that nobody who asks has to. Called by the flow that measures, from the sweeper."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.queue.models import Queue, QueueLoad
from app.queue.rules.expecting import COUNT_AT_LEAST_EVERY, count_again_after

# What lies beyond is not counted: a larger number would tell nobody more.
COUNT_AT_MOST: Final = 1_000_000

# One walk over the items of one queue that wait, those that were given to somebody by name too. The marks in `stage`
# may be some seconds old, so time itself is asked.
_COUNT: Final = text("""
SELECT count(*) AS waiting,
       min(created_at) AS oldest_at,
       min(due_at) FILTER (WHERE due_at > :now) AS next_due_at,
       count(*) FILTER (WHERE due_at > :now AND soon_at <= :now) AS due_soon,
       count(*) FILTER (WHERE due_at <= :now) AS breached
  FROM (SELECT created_at, due_at, soon_at FROM items
         WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL
         UNION ALL
        SELECT created_at, due_at, soon_at FROM items
         WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NOT NULL
         LIMIT :at_most) AS waits
""")
# The priority is the upper part of the sort key, so this one reads the index alone.
_BY_PRIORITY: Final = text("""
SELECT 100 - (sort_key >> 44) AS priority, count(*) AS n
  FROM (SELECT sort_key FROM items
         WHERE queue_id = :queue AND state = 'waiting' AND assigned_to IS NULL LIMIT :at_most) AS waits
 GROUP BY 1
""")


@dataclass(frozen=True)
class Work:
    """How a queue is worked just now: `handle_ms` is the median active time of a verdict, None when there is none."""

    decided_last_hour: int = 0
    handle_ms: int | None = None
    people_working: int = 0


def queues_to_count(session: Session, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Return queues that were never counted or whose time has come, those first that were counted longest ago."""
    wanted = (
        select(Queue.id)
        .outerjoin(QueueLoad, QueueLoad.queue_id == Queue.id)
        .where(QueueLoad.queue_id.is_(None) | (QueueLoad.count_again_at <= now))
        .order_by(QueueLoad.count_again_at.nulls_first(), Queue.id)
        .limit(limit)
    )
    return session.scalars(wanted).all()


def count_load(session: Session, *, now: datetime, queue_id: UUID, work: Work, at_most: int = COUNT_AT_MOST) -> None:
    """Count what waits in a queue and keep it; a queue that takes long to count is left alone for longer.

    Args:
        at_most: How many items to look at; beyond them the count is kept as incomplete.
    """
    begun_at = read_now(session)
    values = {"queue": queue_id, "now": now, "at_most": at_most}
    counted = session.execute(_COUNT, values).one()
    by_priority = {str(row.priority): row.n for row in session.execute(_BY_PRIORITY, values)}
    took = read_now(session) - begun_at
    found = {
        "workspace_id": select(Queue.workspace_id).where(Queue.id == queue_id).scalar_subquery(),
        "counted_at": now,
        "count_again_at": now + count_again_after(took),
        "complete": counted.waiting < at_most,
        "by_priority": by_priority,
        **counted._mapping,
        "decided_last_hour": work.decided_last_hour,
        "handle_ms": work.handle_ms,
        "people_working": work.people_working,
    }
    new = insert(QueueLoad).values(queue_id=queue_id, **found)
    kept = {name: new.excluded[name] for name in found}
    session.execute(new.on_conflict_do_update(index_elements=["queue_id"], set_=kept))


def leave_uncounted(session: Session, *, now: datetime, queue_id: UUID) -> None:
    """Leave a queue that cannot be counted in time alone for a while; what was counted before stays."""
    again_at = now + COUNT_AT_LEAST_EVERY
    unknown = {
        "workspace_id": select(Queue.workspace_id).where(Queue.id == queue_id).scalar_subquery(),
        "counted_at": now,
        "count_again_at": again_at,
        "complete": False,
        **dict.fromkeys(("waiting", "due_soon", "breached", "decided_last_hour", "people_working"), 0),
        "by_priority": {},
    }
    new = insert(QueueLoad).values(queue_id=queue_id, **unknown)
    session.execute(new.on_conflict_do_update(index_elements=["queue_id"], set_={"count_again_at": again_at}))
