"""Nothing is forgotten on the way out: each decision has its outbox row, and nothing that is due lies about.

Sweepers and workers need a moment; what is overdue by more than GRACE has been forgotten.
Called by the checks of a live system.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.reports.invariants.check import Check, Violation, find

GRACE: Final = timedelta(seconds=60)

OUTBOX: Final = Check(
    "a decision for an endpoint has one outbox row",
    "decision",
    """
SELECT d.id, format('has %s deliveries to its endpoint, the first due at %s; it is final at %s', coalesce(o.n, 0),
                    coalesce(o.due_at::text, 'no time'), d.final_at)
  FROM decisions d
  JOIN submissions s ON s.id = d.submission_id
  JOIN endpoints e ON e.id = s.endpoint_id
  LEFT JOIN (SELECT decision_id, submission_id, endpoint_id, type, count(*) AS n, min(due_at) AS due_at
               FROM deliveries WHERE state IN ('due', 'delivered', 'parked')
              GROUP BY decision_id, submission_id, endpoint_id, type) o
         ON o.decision_id = d.id AND o.submission_id = d.submission_id AND o.endpoint_id = s.endpoint_id
        AND o.type = CASE WHEN d.supersedes IS NULL THEN 'submission.decided' ELSE 'submission.superseded' END
 WHERE CASE WHEN d.supersedes IS NULL THEN 'submission.decided' ELSE 'submission.superseded' END = ANY(e.types)
   AND d.undone_at IS NULL AND (o.n, o.due_at) IS DISTINCT FROM (1, d.final_at)
""",
)

WITHDRAWN: Final = Check(
    "a decision that was taken back is told to nobody",
    "decision",
    """
SELECT d.id, format('was taken back, and a delivery of it is %s', o.state)
  FROM decisions d JOIN deliveries o ON o.decision_id = d.id AND o.state <> 'withdrawn'
 WHERE d.undone_at IS NOT NULL
""",
)

OVERDUE_CLAIMS: Final = Check(
    "a lease that has run out ends its claim",
    "claim",
    """
SELECT id, format('ran out at %s and is still live', expires_at)
  FROM claims WHERE ended_at IS NULL AND expires_at < :long_ago
""",
)

OVERDUE_TIMERS: Final = Check(
    "what time asks of an item is done",
    "item",
    """
SELECT id, format('is %s and should have been looked at by %s', state, wake_at)
  FROM items WHERE state IN ('waiting', 'reserved', 'claimed', 'held') AND wake_at < :long_ago
""",
)

EXPIRED: Final = Check(
    "an expired submission is told to an endpoint that asks for it, once",
    "submission",
    """
SELECT s.id, format('has %s messages of its end', count(o.id))
  FROM submissions s
  JOIN endpoints e ON e.id = s.endpoint_id AND 'submission.expired' = ANY(e.types)
  LEFT JOIN deliveries o ON o.submission_id = s.id AND o.endpoint_id = e.id AND o.type = 'submission.expired'
 WHERE s.status = 'expired' GROUP BY s.id HAVING count(o.id) <> 1
""",
)

# One that waits behind an earlier one of its submission is not overdue itself.
OVERDUE_DELIVERIES: Final = Check(
    "what is due is tried",
    "delivery",
    """
SELECT d.id, format('has been due since %s', d.next_attempt_at)
  FROM deliveries d JOIN endpoints e ON e.id = d.endpoint_id
 WHERE d.state = 'due' AND d.next_attempt_at < :long_ago AND e.disabled_at IS NULL
   AND (d.leased_until IS NULL OR d.leased_until < :now)
   AND NOT EXISTS (SELECT FROM deliveries earlier
                    WHERE earlier.submission_id = d.submission_id AND earlier.state = 'due' AND earlier.id < d.id)
""",
)


def check_handover(session: Session, *, now: datetime) -> Iterator[Violation]:
    """Yield what should have left or ended and did not."""
    yield from find(session, OUTBOX)
    yield from find(session, WITHDRAWN)
    yield from find(session, EXPIRED)
    yield from find(session, OVERDUE_TIMERS, {"long_ago": now - GRACE})
    yield from find(session, OVERDUE_CLAIMS, {"long_ago": now - GRACE})
    yield from find(session, OVERDUE_DELIVERIES, {"long_ago": now - GRACE, "now": now})
