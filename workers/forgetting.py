"""Delete what is kept for a time only: stored answers, counts of sign-in tries, notifications that were told.

Run by the sweeper every ten minutes. Safe to run twice and anywhere; one place at a time does it.
"""

from typing import Final

from app.identity.service import forget_old_attempts
from app.notifications.service import forget_messages
from app.submissions.service.idempotency import forget_answers
from workers.task import Tools, is_alone

_BATCH: Final = 1_000


def forget(tools: Tools) -> int:
    """Delete everything that has served its time; return how many rows."""
    forgotten = 0
    while not tools.stop.is_set():
        with tools.unit_of_work() as (session, now):
            if not is_alone(session, "forgetting"):
                break
            gone = forget_answers(session, now=now, limit=_BATCH) + forget_messages(session, now=now, limit=_BATCH)
            forgotten += gone + forget_old_attempts(session, now=now)
        if gone < _BATCH:
            break
    return forgotten
