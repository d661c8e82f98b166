"""Claims, and what becomes of items and decisions: nobody works on the same item at once, and the newest token wins.

Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

TOKENS: Final = Check(
    "tokens are a sequence",
    "item",
    """
SELECT i.id, format('gave out token %s, but its %s claims carry %s to %s', i.token, coalesce(c.n, 0), c.low, c.high)
  FROM items i
  LEFT JOIN (SELECT item_id, count(DISTINCT token) AS n, min(token) AS low, max(token) AS high
               FROM claims GROUP BY item_id) c ON c.item_id = i.id
 WHERE coalesce(c.n, 0) <> i.token OR (i.token > 0 AND (c.low, c.high) IS DISTINCT FROM (1, i.token))
""",
)

LIVE_CLAIMS: Final = Check(
    "a claimed item has one live claim, any other none",
    "item",
    """
SELECT i.id, format('is %s with %s live claims, the newest with token %s of %s', i.state, coalesce(c.n, 0), c.high,
                    i.token)
  FROM items i
  LEFT JOIN (SELECT item_id, count(*) AS n, max(token) AS high FROM claims WHERE ended_at IS NULL GROUP BY item_id) c
         ON c.item_id = i.id
 WHERE coalesce(c.n, 0) <> CASE i.state WHEN 'claimed' THEN 1 ELSE 0 END OR c.high <> i.token
""",
)

CLAIM_INTERVALS: Final = Check(
    "claims on an item follow one another",
    "claim",
    """
SELECT id, format('ends at %s, but the next one began at %s', coalesce(ended_at::text, 'no time'), next_at)
  FROM (SELECT id, claimed_at, ended_at, lead(claimed_at) OVER (PARTITION BY item_id ORDER BY token) AS next_at
          FROM claims) c
 WHERE ended_at < claimed_at OR (next_at IS NOT NULL AND (ended_at IS NULL OR ended_at > next_at))
""",
)

VOTES: Final = Check(
    "a vote is its claim's, under the newest token",
    "vote",
    """
SELECT v.id,
       CASE WHEN (v.token, v.item_id, v.person_id) IS DISTINCT FROM (c.token, c.item_id, c.person_id)
            THEN 'differs from its claim in token, item or person'
            WHEN v.at < c.claimed_at THEN format('was handed in at %s, before its claim began', v.at)
            WHEN v.late <> (c.outcome IS NULL OR c.outcome NOT IN ('voted', 'decided'))
            THEN format('is %s, but its claim %s', CASE WHEN v.late THEN 'late' ELSE 'in time' END,
                        coalesce('was ' || c.outcome, 'has not ended'))
            WHEN c.ended_at > v.at OR (NOT v.late AND c.ended_at <> v.at)
            THEN format('was handed in at %s, but its claim ended at %s', v.at, c.ended_at)
            ELSE format('has token %s, but a later one had been given out by %s', v.token, v.at) END
  FROM votes v
  LEFT JOIN claims c ON c.id = v.claim_id
 WHERE (v.token, v.item_id, v.person_id) IS DISTINCT FROM (c.token, c.item_id, c.person_id)
    OR v.at < c.claimed_at
    OR v.late <> (c.outcome IS NULL OR c.outcome NOT IN ('voted', 'decided'))
    OR c.ended_at > v.at OR (NOT v.late AND c.ended_at <> v.at)
    OR EXISTS (SELECT FROM claims later
                WHERE later.item_id = v.item_id AND later.token > v.token AND later.claimed_at <= v.at)
""",
)

# Whoever takes a decision back keeps the item too, so how her claim ended does not matter.
HOLDERS: Final = Check(
    "an item that is kept is kept by whoever had it last",
    "item",
    """
SELECT i.id, format('is held, and its newest claim, with token %s, is %s', coalesce(c.token::text, '-'),
                    CASE WHEN c.id IS NULL THEN 'missing' ELSE 'that of somebody else' END)
  FROM items i LEFT JOIN claims c ON c.item_id = i.id AND c.token = i.token
 WHERE i.state = 'held' AND c.person_id IS DISTINCT FROM i.held_by
""",
)

UNDONE: Final = Check(
    "a decision is taken back before it is final, and not also overturned",
    "decision",
    """
SELECT id, format('was taken back at %s; it was made at %s, final at %s%s', undone_at, decided_at, final_at,
                  CASE WHEN superseded_by IS NULL THEN '' ELSE ', and was overturned' END)
  FROM decisions
 WHERE undone_at IS NOT NULL AND (undone_at < decided_at OR undone_at > final_at OR superseded_by IS NOT NULL)
""",
)

SUPERSESSIONS: Final = Check(
    "a decision that was final is overturned by one of the same item",
    "decision",
    """
SELECT d.id, format('is said to be overturned by one that %s',
                    CASE WHEN n.id IS NULL THEN 'is missing'
                         WHEN n.supersedes IS DISTINCT FROM d.id THEN 'overturns another'
                         WHEN n.item_id <> d.item_id THEN 'is of another item'
                         ELSE format('was made at %s; it was final at %s', n.decided_at, d.final_at) END)
  FROM decisions d LEFT JOIN decisions n ON n.id = d.superseded_by
 WHERE d.superseded_by IS NOT NULL
   AND (n.supersedes IS DISTINCT FROM d.id OR n.item_id <> d.item_id OR n.decided_at < d.final_at)
UNION ALL
SELECT n.id, 'overturns one that does not say so'
  FROM decisions n LEFT JOIN decisions d ON d.id = n.supersedes
 WHERE n.supersedes IS NOT NULL AND d.superseded_by IS DISTINCT FROM n.id
""",
)

CHECKS: Final = (TOKENS, LIVE_CLAIMS, CLAIM_INTERVALS, VOTES, HOLDERS, UNDONE, SUPERSESSIONS)


def check_reviews(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with claims, with who keeps what, and with decisions taken back or overturned."""
    for check in CHECKS:
        yield from find(session, check)
