"""Say how a person stands, and why there is nothing for her: how many items each reason keeps from her.

Called by the flows that hand items out, and by the queue doctor.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queue.models import Presence
from app.queue.rules import Standing, Worker

# Whoever asks pays for no more rows than this; beyond it counts are of the part that was looked at.
LOOK_AT_MOST: Final = 20_000

# Each open item counts once, under the first reason that keeps it from her; the order is that of REASONS. The same
# conditions as in the statements that hand items out (service/claims.py).
_WHY_NOTHING: Final = text("""
SELECT reason, count(*) AS n FROM (
  SELECT CASE
    WHEN i.state = 'claimed' THEN CASE WHEN c.person_id = :person THEN 'claimed_by_me' ELSE 'claimed_by_others' END
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
    FROM (SELECT * FROM items
           WHERE workspace_id = :workspace AND state IN ('waiting', 'reserved', 'claimed', 'held')
             AND (CAST(:only AS uuid) IS NULL OR queue_id = :only OR assigned_to = :person OR held_by = :person)
           LIMIT :at_most) AS i
    JOIN queues AS q ON q.id = i.queue_id
    LEFT JOIN claims AS c ON c.item_id = i.id AND c.ended_at IS NULL
) AS each GROUP BY reason
""")


def why_nothing(
    session: Session,
    *,
    workspace_id: UUID,
    worker: Worker,
    hindrance: str | None = None,
    only: UUID | None = None,
) -> dict[str, int]:
    """Return, for somebody who got no item, how many there are and how many each reason keeps from her.

    `waiting` counts all that wait; every other word is a reason and counts the items that it is the first to keep
    from her. At most LOOK_AT_MOST open items are looked at. `free` is what came free while she asked.

    Args:
        hindrance: What keeps her from every item alike.
        only: One queue, if she asked for one.
    """
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
            "at_most": LOOK_AT_MOST,
        },
    )
    found = {row.reason: row.n for row in rows}
    waiting = sum(n for reason, n in found.items() if not reason.startswith(("claimed_", "held_", "reserved_")))
    usual = dict.fromkeys(("claimed_by_others", "other_queue", "missing_skill", "voted_already"), 0)
    return {"waiting": waiting, **usual, **found}


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
