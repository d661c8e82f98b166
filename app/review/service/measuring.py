"""Measure how long reviews of each task type take, from the latest verdicts. Called by the sweeper, now and then."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.queue.service import keep_handling_times
from app.review.queries import recent_handling


def measure_handling(session: Session, *, now: datetime) -> int:
    """Keep the median active time of the latest verdicts by task type; return of how many task types."""
    return keep_handling_times(session, now=now, measured=recent_handling(session))
