"""Measure how long reviews take and what waits in each queue. Called by the sweeper, now and then."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.queue.service import Work, count_load, keep_handling_times, queues_to_count
from app.review.queries import recent_handling, recent_work

_COUNT_AT_ONCE: Final = 100


def measure_handling(session: Session, *, now: datetime) -> int:
    """Keep the median active time of the latest verdicts by task type; return of how many task types."""
    return keep_handling_times(session, now=now, measured=recent_handling(session))


def work_to_count(session: Session, *, now: datetime) -> Sequence[tuple[UUID, Work]]:
    """Return the queues that are to be counted now, each with how it is worked."""
    due = queues_to_count(session, now=now, limit=_COUNT_AT_ONCE)
    if not due:
        return []
    work = recent_work(session, now=now)
    return [(queue_id, Work(*work[queue_id]) if queue_id in work else Work()) for queue_id in due]


def measure_loads(session: Session, *, now: datetime) -> int:
    """Count every queue whose time has come, in one go; return how many. For commands and tests."""
    due = work_to_count(session, now=now)
    for queue_id, work in due:
        count_load(session, now=now, queue_id=queue_id, work=work)
    return len(due)
