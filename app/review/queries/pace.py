"""Read how fast reviewing has gone of late. Called through app/review/queries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

# The newest verdicts of all; a bounded look by the primary key, which grows with time.
_RECENT_HANDLING = text("""
SELECT v.workspace_id, t.name, CAST(percentile_cont(0.5) WITHIN GROUP (ORDER BY v.active_ms) AS bigint), count(*)
  FROM (SELECT workspace_id, item_id, active_ms FROM votes ORDER BY id DESC LIMIT 10000) v
  JOIN items i ON i.id = v.item_id
  JOIN submissions s ON s.id = i.submission_id
  JOIN task_types t ON t.id = s.task_type_id
 WHERE v.active_ms > 0
 GROUP BY v.workspace_id, t.name
""")


def recent_handling(session: Session) -> list[tuple[UUID, str, int, int]]:
    """Return (workspace, task type, median active milliseconds, number) of the latest verdicts."""
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(_RECENT_HANDLING)]


# The newest verdicts and decisions of all, as above; a rate over less than an hour is scaled up to one.
_RECENT_WORK = text("""
WITH verdicts AS (
  SELECT i.queue_id, v.person_id, v.active_ms, v.at
    FROM (SELECT item_id, person_id, active_ms, at FROM votes ORDER BY id DESC LIMIT 10000) v
    JOIN items i ON i.id = v.item_id
), newest AS (
  SELECT item_id, decided_at FROM decisions WHERE decided_by_kind = 'human' ORDER BY id DESC LIMIT 10000
), span AS (
  SELECT CASE WHEN count(*) < 10000 THEN interval '1 hour'
              ELSE least(interval '1 hour', :now - min(decided_at)) END AS span FROM newest
), rate AS (
  SELECT i.queue_id, round(count(*) * 3600 / greatest(1, extract(epoch FROM (SELECT span FROM span)))) AS per_hour
    FROM newest JOIN items i ON i.id = newest.item_id
   WHERE newest.decided_at > :now - (SELECT span FROM span)
   GROUP BY i.queue_id
), usual AS (
  SELECT queue_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY active_ms) AS median_ms
    FROM verdicts WHERE active_ms > 0 GROUP BY queue_id
), at_work AS (
  SELECT queue_id, count(DISTINCT person_id) AS people
    FROM (SELECT queue_id, person_id FROM verdicts WHERE at > :now - interval '15 minutes'
           UNION ALL
          SELECT i.queue_id, c.person_id FROM claims c JOIN items i ON i.id = c.item_id
           WHERE c.ended_at IS NULL AND c.expires_at > :now) AS each
   GROUP BY queue_id
)
SELECT q.queue_id, coalesce(r.per_hour, 0), u.median_ms, coalesce(w.people, 0)
  FROM (SELECT queue_id FROM rate UNION SELECT queue_id FROM usual UNION SELECT queue_id FROM at_work) q
  LEFT JOIN rate r USING (queue_id) LEFT JOIN usual u USING (queue_id) LEFT JOIN at_work w USING (queue_id)
""")


def recent_work(session: Session, *, now: datetime) -> dict[UUID, tuple[int, int | None, int]]:
    """Return, by queue: decisions of the last hour, the median active milliseconds of a verdict, people at work."""
    rows = session.execute(_RECENT_WORK, {"now": now})
    return {row[0]: (int(row[1]), None if row[2] is None else int(row[2]), row[3]) for row in rows}
