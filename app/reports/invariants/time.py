"""The ledger of time: a claim's entries are the whole claim, and nobody is paid twice or for an empty chair.

Entries are in whole milliseconds, claims in microseconds; a claim counts from the millisecond in which it began to the
one in which it ended. Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

WHOLE_CLAIM: Final = Check(
    "the time of a claim is the whole claim",
    "claim",
    """
SELECT c.id, format('lasted %s ms, but %s ms are booked', c.ms, coalesce(t.ms, 0))
  FROM (SELECT id, CASE WHEN ended_at IS NULL THEN 0
                        ELSE floor(extract(epoch FROM ended_at) * 1000) - floor(extract(epoch FROM claimed_at) * 1000)
                   END AS ms FROM claims) c
  LEFT JOIN (SELECT claim_id, sum(ms) AS ms FROM time_entries GROUP BY claim_id) t ON t.claim_id = c.id
 WHERE coalesce(t.ms, 0) <> c.ms
""",
)

ENTRIES: Final = Check(
    "a time entry lies within its claim and a quarter hour",
    "time_entry",
    """
SELECT t.id,
       CASE WHEN c.person_id IS DISTINCT FROM t.person_id THEN 'is booked for somebody else than its claim'
            WHEN t.ms <> extract(epoch FROM t.ends_at - t.starts_at) * 1000
            THEN format('books %s ms from %s to %s', t.ms, t.starts_at, t.ends_at)
            WHEN t.before_ends_at > t.starts_at
            THEN format('starts at %s, when the one before it had not ended', t.starts_at)
            WHEN t.starts_at < date_trunc('milliseconds', c.claimed_at) OR t.ends_at > c.ended_at
            THEN format('lasts from %s to %s, its claim from %s to %s', t.starts_at, t.ends_at, c.claimed_at,
                        c.ended_at)
            ELSE format('crosses a quarter hour: %s to %s', t.starts_at, t.ends_at) END
  FROM (SELECT *, max(ends_at) OVER (PARTITION BY claim_id ORDER BY starts_at, id
                                     ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ends_at
          FROM time_entries) t
  LEFT JOIN claims c ON c.id = t.claim_id
 WHERE c.person_id IS DISTINCT FROM t.person_id
    OR t.ms <> extract(epoch FROM t.ends_at - t.starts_at) * 1000
    OR t.before_ends_at > t.starts_at
    OR t.starts_at < date_trunc('milliseconds', c.claimed_at) OR t.ends_at > c.ended_at
    OR date_bin('15 minutes', t.starts_at, 'epoch') <> date_bin('15 minutes', t.ends_at - interval '1 millisecond',
                                                                'epoch')
""",
)

ONE_ACTIVE_SECOND: Final = Check(
    "nobody has two active seconds at once",
    "person",
    """
SELECT person_id, format('is active from %s, when an earlier entry lasts until %s', starts_at, before_ends_at)
  FROM (SELECT person_id, starts_at, max(ends_at) OVER (PARTITION BY person_id ORDER BY starts_at, id
                                             ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_ends_at
          FROM time_entries WHERE kind = 'active') t
 WHERE before_ends_at > starts_at
""",
)

SIGNS_OF_LIFE: Final = Check(
    "no active time ends later than the last beat and its cap",
    "claim",
    """
WITH heard AS (
  SELECT c.id, c.cap_ms, date_trunc('milliseconds', greatest(c.claimed_at, max(b.received_at))) AS last_at
    FROM claims c LEFT JOIN beats b ON b.claim_id = c.id AND b.received_at <= c.ended_at
   GROUP BY c.id
)
SELECT h.id, format('is active until %s, but was last heard of at %s', max(t.ends_at), h.last_at)
  FROM heard h JOIN time_entries t ON t.claim_id = h.id AND t.kind = 'active'
 GROUP BY h.id, h.cap_ms, h.last_at
HAVING max(t.ends_at) > h.last_at + h.cap_ms * interval '1 millisecond'
""",
)

VOTED_TIME: Final = Check(
    "a vote shows the active time of its claim",
    "vote",
    """
SELECT v.id, format('shows %s ms, the ledger holds %s ms', v.active_ms, coalesce(t.ms, 0))
  FROM votes v
  LEFT JOIN (SELECT claim_id, sum(ms) AS ms FROM time_entries WHERE kind = 'active' GROUP BY claim_id) t
         ON t.claim_id = v.claim_id
 WHERE v.active_ms <> coalesce(t.ms, 0)
""",
)

CHECKS: Final = (WHOLE_CLAIM, ENTRIES, ONE_ACTIVE_SECOND, SIGNS_OF_LIFE, VOTED_TIME)


def check_time(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with the ledger of time."""
    for check in CHECKS:
        yield from find(session, check)
