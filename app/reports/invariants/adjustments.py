"""Adjustments of the ledger: each granted by somebody else, taking back once and in full, and never into closed books.

Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

REVERSALS: Final = Check(
    "an entry is taken back once, in full, and no reversal ever is",
    "adjusting_entry",
    """
WITH was AS (
  SELECT t.id, t.claim_id, t.person_id, t.starts_at AS at, t.ms, c.rate_card_id, c.currency, c.amount,
         coalesce(c.unpriced_ms, 0) AS unpriced_ms, t.kind <> 'active' AS wrong
    FROM time_entries t LEFT JOIN cost_entries c ON c.time_entry_id = t.id
  UNION ALL
  SELECT id, claim_id, person_id, at, ms, rate_card_id, currency, amount, unpriced_ms,
         num_nonnulls(reverses_time_entry_id, reverses_entry_id) > 0
    FROM adjusting_entries
)
SELECT a.id, format('takes %s ms and %s %s back, of %s ms and %s %s', a.ms, a.amount, a.currency, was.ms, was.amount,
                    was.currency)
  FROM adjusting_entries a JOIN was ON was.id = coalesce(a.reverses_time_entry_id, a.reverses_entry_id)
 WHERE was.wrong
    OR (a.claim_id, a.person_id, a.at, a.ms, a.rate_card_id, a.currency, a.amount, a.unpriced_ms)
       IS DISTINCT FROM
       (was.claim_id, was.person_id, was.at, -was.ms, was.rate_card_id, was.currency, -was.amount, -was.unpriced_ms)
""",
)

GRANTED: Final = Check(
    "an adjustment is what was granted, and by somebody else",
    "adjustment",
    """
SELECT d.id,
       CASE WHEN d.settled_by = d.person_id THEN 'is settled by whose time it is'
            WHEN d.state <> 'granted' AND e.entries > 0 THEN format('is %s, but has entries', d.state)
            WHEN e.strangers > 0 THEN 'has entries of somebody else'
            ELSE format('grants %s ms, but puts %s ms in the books', d.granted_ms, e.put_ms) END
  FROM adjustments d
 CROSS JOIN LATERAL (
   SELECT count(*) AS entries, count(*) FILTER (WHERE person_id <> d.person_id) AS strangers,
          coalesce(sum(ms) FILTER (WHERE num_nonnulls(reverses_time_entry_id, reverses_entry_id) = 0), 0) AS put_ms
     FROM adjusting_entries WHERE adjustment_id = d.id) AS e
 WHERE d.settled_by = d.person_id OR (d.state <> 'granted' AND e.entries > 0) OR e.strangers > 0
    OR (d.state = 'granted' AND e.put_ms IS DISTINCT FROM d.granted_ms)
""",
)

CLOSED: Final = Check(
    "what is posted after a close belongs to the open period",
    "workspace",
    """
SELECT l.workspace_id, format('%s of %s, posted at %s, is dated %s, but the books were closed until %s', l.kind, l.at,
                              l.posted_at, l.dated_at, c.until_at)
  FROM ledger_lines l
 CROSS JOIN LATERAL (SELECT max(until_at) AS until_at FROM period_closes
                      WHERE workspace_id = l.workspace_id AND closed_at <= l.posted_at) AS c
 WHERE l.dated_at <> CASE WHEN l.at < c.until_at THEN l.posted_at ELSE l.at END
""",
)


def check_adjustments(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with adjustments, and what was posted into closed books."""
    for check in (REVERSALS, GRANTED, CLOSED):
        yield from find(session, check)
