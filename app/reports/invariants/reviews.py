"""Claims, votes and decisions: nobody works on the same item at once, the newest token wins, and N approvals are N.

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

DECISIONS: Final = Check(
    "a decided item has one decision and the votes that it needs",
    "item",
    """
WITH tally AS (
  SELECT item_id,
         count(*) FILTER (WHERE verb IN ('approve', 'correct')) AS approvals,
         count(DISTINCT person_id) FILTER (WHERE verb IN ('approve', 'correct')) AS approvers,
         count(*) FILTER (WHERE verb IN ('reject', 'respond')) AS endings
    FROM votes WHERE counts GROUP BY item_id
), standing AS (
  SELECT item_id, count(*) AS n, min(status) AS status, bool_and(decided_by_kind = 'human') AS human
    FROM decisions WHERE superseded_by IS NULL AND undone_at IS NULL GROUP BY item_id
), whole AS (
  SELECT i.id, i.state, i.approvals_required AS required, coalesce(s.n, 0) AS decisions, s.status, s.human,
         coalesce(t.approvals, 0) AS approvals, coalesce(t.approvers, 0) AS approvers, coalesce(t.endings, 0) AS endings
    FROM items i LEFT JOIN tally t ON t.item_id = i.id LEFT JOIN standing s ON s.item_id = i.id
)
SELECT id, format('is %s with %s decisions (%s), %s approvals by %s people of %s required, %s rejections or answers',
                  state, decisions, coalesce(status, '-'), approvals, approvers, required, endings)
  FROM whole
 WHERE decisions <> CASE state WHEN 'decided' THEN 1 ELSE 0 END
    OR approvals <> approvers
    OR CASE WHEN state <> 'decided' THEN endings > 0 OR approvals >= required
            WHEN NOT human THEN false
            WHEN status IN ('approved', 'corrected') THEN endings > 0 OR approvals <> required
            ELSE endings <> 1 END
""",
)

DECIDING_VOTES: Final = Check(
    "a decision says what its last vote came to",
    "decision",
    """
WITH corrected AS (SELECT DISTINCT item_id FROM votes WHERE counts AND verb = 'correct')
SELECT d.id, format('is %s, its vote is %s', d.status, coalesce(v.verb, 'missing or void'))
  FROM decisions d
  LEFT JOIN votes v ON v.claim_id = d.claim_id AND v.item_id = d.item_id AND v.counts
  LEFT JOIN corrected c ON c.item_id = d.item_id
 WHERE d.superseded_by IS NULL AND d.undone_at IS NULL AND d.decided_by_kind = 'human'
   AND (d.late, d.decided_at, d.status) IS DISTINCT FROM
       (v.late, v.at, CASE v.verb WHEN 'reject' THEN 'rejected'
                                  WHEN 'respond' THEN 'answered'
                                  WHEN 'correct' THEN 'corrected'
                                  WHEN 'approve' THEN CASE WHEN c.item_id IS NULL THEN 'approved' ELSE 'corrected' END
                      END)
""",
)

CHECKS: Final = (TOKENS, LIVE_CLAIMS, CLAIM_INTERVALS, VOTES, DECISIONS, DECIDING_VOTES)


def check_reviews(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with claims, votes and decisions."""
    for check in CHECKS:
        yield from find(session, check)
