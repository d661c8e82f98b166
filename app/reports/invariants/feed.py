"""The feed tells everything once: each decision that stands or stood, and nothing that was taken back.

Called by the checks of a live system.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

ON_FEED: Final = Check(
    "a decision is on the feed from when it is final",
    "decision",
    """
SELECT d.id, CASE WHEN f.id IS NULL THEN 'is not on the feed'
                  WHEN d.undone_at IS NOT NULL THEN 'was taken back and is on the feed'
                  ELSE format('is on the feed from %s as %s, it is final at %s', f.due_at, f.type, d.final_at) END
  FROM decisions d
  LEFT JOIN feed_entries f ON f.decision_id = d.id AND f.submission_id = d.submission_id
 WHERE (d.undone_at IS NULL) <> (f.id IS NOT NULL)
    OR (d.undone_at IS NULL AND (f.due_at <> d.final_at OR f.workspace_id <> d.workspace_id
        OR (f.type = 'submission.superseded') <> (d.supersedes IS NOT NULL)))
""",
)

GAPS: Final = Check(
    "the feed has no gap",
    "workspace",
    """
SELECT workspace_id, format('has %s numbers, the last is %s', count(seq), max(seq))
  FROM feed_entries GROUP BY workspace_id HAVING count(seq) <> coalesce(max(seq), 0)
""",
)


def check_feed(session: Session) -> Iterator[Violation]:
    """Yield what the feed leaves out, tells wrongly, or counts wrongly."""
    yield from find(session, ON_FEED)
    yield from find(session, GAPS)
