"""Votes and what they come to: which of them count, who may not vote again, and whether enough agree.

Mirrors app/review/rules/counting.py in SQL, from stored rows alone. Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

COUNTING: Final = Check(
    "a vote counts until an edit or its own undoing makes it void",
    "vote",
    """
WITH given AS (
  SELECT v.id, v.item_id, v.at, v.verb, v.adjudicates, v.counts, i.review_mode,
         EXISTS (SELECT FROM decisions d WHERE d.claim_id = v.claim_id AND d.undone_at IS NOT NULL) AS undone
    FROM votes v JOIN items i ON i.id = v.item_id
), judged AS (
  SELECT v.*, v.review_mode = 'open' AND NOT v.adjudicates AND coalesce(
           bool_or(verb = 'correct' AND NOT adjudicates AND NOT undone)
             OVER (PARTITION BY item_id ORDER BY at, id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING),
           false) AS edited
    FROM given v
)
SELECT id, format('%s; it was %s and was %s', CASE WHEN counts THEN 'counts' ELSE 'is void' END,
                  CASE WHEN edited THEN 'edited away' ELSE 'not edited away' END,
                  CASE WHEN undone THEN 'undone' ELSE 'not undone' END)
  FROM judged WHERE counts = (edited OR undone)
""",
)

VOTERS: Final = Check(
    "the voters of an item are those whose votes count",
    "item",
    """
SELECT i.id, format('names %s voters; votes of %s people count', cardinality(i.voters),
                    cardinality(coalesce(v.people, '{}')))
  FROM items i
  LEFT JOIN (SELECT item_id, array_agg(person_id ORDER BY person_id) AS people
               FROM votes WHERE counts GROUP BY item_id) v
         ON v.item_id = i.id
 WHERE ARRAY(SELECT unnest(i.voters) ORDER BY 1) <> coalesce(v.people, '{}')
""",
)

EDITORS: Final = Check(
    "whoever edited an item does not judge it again",
    "vote",
    """
SELECT v.id, 'is an edit, and its author is not kept from the item'
  FROM votes v JOIN items i ON i.id = v.item_id AND i.review_mode = 'open'
 WHERE v.verb = 'correct' AND NOT v.adjudicates AND NOT (v.person_id = ANY(i.barred))
   AND NOT EXISTS (SELECT FROM decisions d WHERE d.claim_id = v.claim_id)
""",
)

# What the votes that count come to, for each item, in the shape that all checks below read.
_TALLY: Final = """
WITH tally AS (
  SELECT item_id, count(*) AS votes, count(DISTINCT person_id) AS people,
         count(*) FILTER (WHERE adjudicates) AS settling,
         count(*) FILTER (WHERE NOT adjudicates AND verb IN ('approve', 'correct')) AS approvals,
         count(*) FILTER (WHERE NOT adjudicates AND verb = 'reject') AS rejections,
         count(*) FILTER (WHERE NOT adjudicates AND verb = 'respond') AS answers,
         count(DISTINCT (verb, answer)) FILTER (WHERE NOT adjudicates) AS kinds
    FROM votes WHERE counts GROUP BY item_id
), standing AS (
  SELECT item_id, count(*) AS n, min(status) AS status,
         bool_and(claim_id IS NOT NULL AND supersedes IS NULL) AS by_votes
    FROM decisions WHERE superseded_by IS NULL AND undone_at IS NULL GROUP BY item_id
), whole AS (
  SELECT i.id, i.state, i.review_mode, i.adjudicating, i.for_lead, i.approvals_required, i.rejections_required,
         i.reviews_max, coalesce(s.n, 0) AS decisions, s.status, coalesce(s.by_votes, false) AS by_votes,
         coalesce(t.votes, 0) AS votes, coalesce(t.people, 0) AS people, coalesce(t.settling, 0) AS settling,
         coalesce(t.approvals, 0) AS approvals, coalesce(t.rejections, 0) AS rejections,
         coalesce(t.answers, 0) AS answers, coalesce(t.kinds, 0) AS kinds
    FROM items i LEFT JOIN tally t ON t.item_id = i.id LEFT JOIN standing s ON s.item_id = i.id
)
"""

DECISIONS: Final = Check(
    "a decided item has one decision and the votes that it needs",
    "item",
    _TALLY
    + """
SELECT id, format('is %s with %s decisions (%s), %s votes of %s people: %s of %s approvals, %s of %s rejections, '
                  '%s answers, %s adjudications', state, decisions, coalesce(status, '-'), votes, people, approvals,
                  approvals_required, rejections, rejections_required, answers, settling)
  FROM whole
 WHERE decisions <> CASE state WHEN 'decided' THEN 1 ELSE 0 END
    OR votes <> people
    OR CASE WHEN decisions = 0 OR NOT by_votes
            THEN decisions = 0 AND (settling > 0 OR (review_mode = 'open' AND (
                   answers > 0 OR approvals >= approvals_required OR rejections >= rejections_required)))
            WHEN adjudicating THEN settling <> 1
            WHEN settling > 0 THEN true
            WHEN review_mode = 'blind' THEN votes < 2
            WHEN status IN ('approved', 'corrected')
            THEN answers > 0 OR approvals <> approvals_required OR rejections >= rejections_required
            WHEN status = 'rejected'
            THEN answers > 0 OR rejections <> rejections_required OR approvals >= approvals_required
            ELSE answers <> 1 OR approvals >= approvals_required OR rejections >= rejections_required END
""",
)

DECIDING_VOTES: Final = Check(
    "a decision says what its last vote came to",
    "decision",
    """
WITH corrected AS (SELECT DISTINCT item_id FROM votes WHERE counts AND verb = 'correct' AND NOT adjudicates)
SELECT d.id, format('is %s, its vote is %s', d.status, coalesce(v.verb, 'missing or void'))
  FROM decisions d
  JOIN items i ON i.id = d.item_id
  LEFT JOIN votes v ON v.claim_id = d.claim_id AND v.item_id = d.item_id AND v.counts
  LEFT JOIN corrected c ON c.item_id = d.item_id AND i.review_mode = 'open'
 WHERE d.superseded_by IS NULL AND d.undone_at IS NULL AND d.decided_by_kind = 'human' AND d.supersedes IS NULL
   AND (d.late, d.decided_at, d.decided_by, d.status) IS DISTINCT FROM
       (v.late, v.at, v.person_id,
        CASE v.verb WHEN 'reject' THEN 'rejected'
                    WHEN 'respond' THEN 'answered'
                    WHEN 'correct' THEN 'corrected'
                    WHEN 'approve' THEN CASE WHEN c.item_id IS NULL THEN 'approved' ELSE 'corrected' END
        END)
""",
)

AGREEMENT: Final = Check(
    "reviewers who do not see each other decide by saying the same",
    "item",
    """
WITH said AS (
  SELECT v.item_id, v.verb, v.answer, count(*) AS n,
         greatest(2, CASE v.verb WHEN 'reject' THEN i.rejections_required WHEN 'respond' THEN 2
                                 ELSE i.approvals_required END) AS quota
    FROM votes v JOIN items i ON i.id = v.item_id AND i.review_mode = 'blind'
   WHERE v.counts AND NOT v.adjudicates
   GROUP BY v.item_id, v.verb, v.answer, i.rejections_required, i.approvals_required
), enough AS (SELECT item_id, count(*) AS n FROM said WHERE n >= quota GROUP BY item_id)
SELECT i.id, format('is %s; %s of %s say what decided, and %s answers have enough', i.state, coalesce(own.n, 0),
                    coalesce(own.quota, 0), coalesce(e.n, 0))
  FROM items i
  LEFT JOIN decisions d ON d.item_id = i.id AND d.superseded_by IS NULL AND d.undone_at IS NULL
                       AND d.claim_id IS NOT NULL AND d.supersedes IS NULL
  LEFT JOIN votes v ON v.claim_id = d.claim_id
  LEFT JOIN said own ON own.item_id = i.id AND own.verb = v.verb AND own.answer = v.answer
  LEFT JOIN enough e ON e.item_id = i.id
 WHERE i.review_mode = 'blind'
   AND CASE WHEN d.id IS NOT NULL AND NOT i.adjudicating THEN own.n IS DISTINCT FROM own.quota OR e.n <> 1
            ELSE e.n > 0 AND (i.state <> 'decided' OR i.adjudicating) END
""",
)

ADJUDICATION: Final = Check(
    "who disagree until nobody else is to be asked are settled by a lead",
    "item",
    _TALLY
    + """
SELECT id, format('is %s and %s adjudication%s: %s reviewers of at most %s, %s approvals, %s rejections, '
                  '%s different answers', state, CASE WHEN adjudicating THEN 'in' ELSE 'not in' END,
                  CASE WHEN for_lead THEN '' ELSE ', for anybody' END, votes - settling, reviews_max, approvals,
                  rejections, kinds)
  FROM whole
 WHERE CASE WHEN adjudicating
            THEN votes - settling < reviews_max OR answers > 0 AND review_mode = 'open'
              OR NOT CASE review_mode WHEN 'blind' THEN kinds > 1 ELSE approvals > 0 AND rejections > 0 END
              OR (NOT for_lead AND state IN ('waiting', 'reserved', 'claimed', 'held'))
            ELSE state IN ('waiting', 'reserved', 'claimed', 'held') AND votes >= reviews_max
              AND CASE review_mode WHEN 'blind' THEN kinds > 1 ELSE approvals > 0 AND rejections > 0 END END
""",
)

CHECKS: Final = (COUNTING, VOTERS, EDITORS, DECISIONS, DECIDING_VOTES, AGREEMENT, ADJUDICATION)


def check_votes(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with votes, and with the decisions that they made."""
    for check in CHECKS:
        yield from find(session, check)
