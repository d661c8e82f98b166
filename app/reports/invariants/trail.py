"""The trail, played back: an item's events, step by step through the table of transitions, end in the state of its row.

The table is the one of app/queue/rules, so that a step that the code may make is a step that the check knows.
Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.queue.rules import TRANSITIONS
from app.reports.invariants.check import Check, Violation, find

_STEPS: Final = """
WITH step AS (
  SELECT * FROM unnest(CAST(:acts AS text[]), CAST(:befores AS text[]), CAST(:afters AS text[]),
                       CAST(:outcomes AS text[])) AS step(act, before, after, outcome)
), told AS (
  SELECT number, subject_id, type, from_state, to_state, details FROM events
   WHERE subject_kind = 'item' AND starts_with(type, 'item.')
)
"""


def _told(query: str) -> str:
    """Return a query that knows the table of transitions as `step` and the events of items as `told`."""
    return f"{_STEPS}{query}"


STEPS: Final = Check(
    "every event of an item is an allowed step from the one before",
    "item",
    _told("""
, line AS (
  SELECT told.*, row_number() OVER w - 1 AS nth, lag(to_state) OVER w AS state
    FROM told WINDOW w AS (PARTITION BY subject_id ORDER BY number)
), judged AS (
  SELECT subject_id, number,
         CASE WHEN nth = 0 AND (type <> 'item.enqueued' OR to_state <> 'waiting') THEN 'does not put it in line'
              WHEN nth = 0 THEN NULL
              WHEN step.act IS NULL THEN format('is no step: %s from %s to %s', type, from_state, to_state)
              WHEN from_state IS DISTINCT FROM state
              THEN format('starts from %s, but the item was %s', from_state, state)
              WHEN details ->> 'version' IS DISTINCT FROM nth::text
              THEN format('makes version %s of what was version %s', details ->> 'version', nth - 1) END AS fault
    FROM line
    LEFT JOIN step ON type = 'item.' || step.act AND from_state = step.before AND to_state = step.after
)
SELECT subject_id, format('event %s %s', number, fault) FROM judged WHERE fault IS NOT NULL
"""),
)

ITEMS: Final = Check(
    "the events of an item add up to its row",
    "item",
    _told("""
, last AS (
  SELECT subject_id, count(*) - 1 AS version, count(*) FILTER (WHERE type = 'item.claim') AS token,
         (array_agg(to_state ORDER BY number DESC))[1] AS state
    FROM told GROUP BY subject_id
)
SELECT coalesce(i.id, last.subject_id),
       format('is %s, version %s, token %s; its events make it %s, version %s, token %s', coalesce(i.state, 'missing'),
              i.version, i.token, coalesce(last.state, 'nothing'), last.version, last.token)
  FROM items i FULL JOIN last ON last.subject_id = i.id
 WHERE (i.state, i.version, i.token) IS DISTINCT FROM (last.state, last.version, last.token)
"""),
)

CLAIMS: Final = Check(
    "a claim begins and ends once in the trail",
    "claim",
    _told("""
, told_claim AS (
  SELECT details ->> 'claim' AS shown, count(*) FILTER (WHERE type = 'item.claim') AS begun,
         array_agg(step.outcome) FILTER (WHERE step.outcome IS NOT NULL) AS ends
    FROM told LEFT JOIN step ON type = 'item.' || step.act AND from_state = step.before AND to_state = step.after
   WHERE details ? 'claim' GROUP BY 1
)
SELECT c.id, format('is %s; the trail begins it %s times and ends it as %s', coalesce(c.outcome, 'live'),
                    coalesce(t.begun, 0), coalesce(array_to_string(t.ends, ', '), 'nothing'))
  FROM claims c LEFT JOIN told_claim t ON t.shown = 'cl_' || replace(c.id::text, '-', '')
 WHERE t.begun IS DISTINCT FROM 1
    OR t.ends IS DISTINCT FROM CASE WHEN c.outcome IS NOT NULL THEN ARRAY[c.outcome] END
"""),
)

DECISIONS: Final = Check(
    "each decision was made by one step, and taken back by another",
    "item",
    _told("""
, acts AS (
  SELECT subject_id, count(*) FILTER (WHERE type <> 'item.undo') AS made,
         count(*) FILTER (WHERE type = 'item.undo') AS undone
    FROM told WHERE type IN ('item.decide', 'item.decide_late', 'item.time_out', 'item.supersede', 'item.undo')
   GROUP BY subject_id
), kept AS (
  SELECT item_id, count(*) AS made, count(undone_at) AS undone FROM decisions GROUP BY item_id
)
SELECT i.id, format('has %s decisions, %s taken back; its events make %s and take %s back', coalesce(k.made, 0),
                    coalesce(k.undone, 0), coalesce(a.made, 0), coalesce(a.undone, 0))
  FROM items i LEFT JOIN acts a ON a.subject_id = i.id LEFT JOIN kept k ON k.item_id = i.id
 WHERE (coalesce(a.made, 0), coalesce(a.undone, 0)) <> (coalesce(k.made, 0), coalesce(k.undone, 0))
"""),
)

SUBMISSIONS: Final = Check(
    "a submission's status fits its route, its item and its decision",
    "submission",
    """
WITH whole AS (
  SELECT s.id, s.status, s.route_outcome, s.final_at, i.state, d.status AS decision, d.final_at AS decision_final_at,
         CASE WHEN i.id IS NULL THEN CASE s.route_outcome WHEN 'pass' THEN 'passed' WHEN 'block' THEN 'blocked' END
              WHEN s.route_outcome <> 'review' THEN NULL
              WHEN i.state = 'decided' THEN d.status
              WHEN i.state IN ('cancelled', 'expired') THEN i.state
              ELSE 'waiting' END AS expected
    FROM submissions s
    LEFT JOIN items i ON i.submission_id = s.id
    LEFT JOIN decisions d ON d.submission_id = s.id AND d.superseded_by IS NULL AND d.undone_at IS NULL
)
SELECT id, format('is %s, final at %s; it was routed to %s, its item is %s, its decision is %s', status,
                  coalesce(final_at::text, '-'), route_outcome, coalesce(state, '-'), coalesce(decision, '-'))
  FROM whole
 WHERE status IS DISTINCT FROM expected
    OR (final_at IS NULL) <> (status = 'waiting')
    OR decision_final_at <> final_at
""",
)


def check_trail(session: Session) -> Iterator[Violation]:
    """Yield where trail and state tell different stories."""
    table = {
        "acts": [t.act for t in TRANSITIONS],
        "befores": [t.before for t in TRANSITIONS],
        "afters": [t.after for t in TRANSITIONS],
        "outcomes": [t.claim_outcome for t in TRANSITIONS],
    }
    for check in (STEPS, ITEMS, CLAIMS, DECISIONS):
        yield from find(session, check, table)
    yield from find(session, SUBMISSIONS)
