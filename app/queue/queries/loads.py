"""Read what queues look like: counted on the spot as far as that is quick, else as they were last counted.

Called by the pages, by those who say how long something will wait, and by the sweeper.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.queue.models import QueueLoad

# A queue with more is shown as it was last counted: counting a million rows is not for a request.
COUNT_ON_THE_SPOT: Final = 2_000

_LINES: Final = text("""
SELECT q.id, q.name,
       CASE WHEN counted THEN l.waiting ELSE w.waiting END AS waiting,
       coalesce(c.n, 0) AS claimed,
       CASE WHEN counted THEN l.oldest_at ELSE w.oldest_at END AS oldest_at,
       CASE WHEN counted THEN l.due_soon ELSE w.due_soon END AS due_soon,
       CASE WHEN counted THEN l.breached ELSE w.breached END AS breached,
       CASE WHEN counted THEN l.counted_at ELSE :now END AS counted_at,
       CASE WHEN counted THEN NOT l.complete ELSE w.waiting >= :at_most END AS capped,
       q.paused_at
  FROM queues AS q
  LEFT JOIN queue_loads AS l ON l.queue_id = q.id
 CROSS JOIN LATERAL (
   SELECT count(*) AS waiting, min(created_at) AS oldest_at,
          count(*) FILTER (WHERE due_at > :now AND due_at <= :soon) AS due_soon,
          count(*) FILTER (WHERE due_at <= :now) AS breached
     FROM ((SELECT created_at, due_at FROM items
             WHERE queue_id = q.id AND state = 'waiting' AND assigned_to IS NULL
             ORDER BY sort_key, id LIMIT :at_most)
           UNION ALL
           (SELECT created_at, due_at FROM items
             WHERE queue_id = q.id AND state = 'waiting' AND assigned_to IS NOT NULL LIMIT :at_most)) AS waits) AS w
 CROSS JOIN LATERAL (SELECT w.waiting >= :at_most AND coalesce(l.waiting, 0) >= w.waiting AS counted) AS which
  LEFT JOIN (SELECT i.queue_id, count(*) AS n FROM claims AS live JOIN items AS i ON i.id = live.item_id
              WHERE live.workspace_id = :workspace AND live.ended_at IS NULL GROUP BY i.queue_id) AS c
         ON c.queue_id = q.id
 WHERE q.workspace_id = :workspace
 ORDER BY q.name
""")


@dataclass(frozen=True)
class QueueLine:
    """What one queue looks like from outside, as it was at `counted_at`; `capped`: more wait than `waiting` says.

    `oldest_at` is when its oldest waiting item came in.
    """

    id: UUID
    name: str
    waiting: int
    claimed: int
    oldest_at: datetime | None
    due_soon: int
    breached: int
    counted_at: datetime
    capped: bool
    paused_at: datetime | None


def list_queues(
    session: Session, *, workspace_id: UUID, now: datetime, soon: timedelta, at_most: int = COUNT_ON_THE_SPOT
) -> list[QueueLine]:
    """Return every queue of a workspace with what waits in it, by name; the cost does not grow with what waits.

    Args:
        soon: What is due within this time counts as due soon, in a queue that is counted on the spot.
        at_most: How many items of each queue to count on the spot.
    """
    values = {"workspace": workspace_id, "now": now, "soon": now + soon, "at_most": at_most}
    return [QueueLine(*row) for row in session.execute(_LINES, values)]


def find_load(session: Session, *, queue_id: UUID) -> QueueLoad | None:
    """Return what a queue looked like when it was last counted; None before the first time."""
    return session.get(QueueLoad, queue_id, populate_existing=True)


def next_count_at(session: Session) -> datetime | None:
    """Return when a queue is to be counted again; None when none ever was."""
    return session.scalar(select(func.min(QueueLoad.count_again_at)))
