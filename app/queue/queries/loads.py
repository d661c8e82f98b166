"""Read what queues looked like when they were last counted. Called by those who ask, and by the sweeper."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.queue.models import QueueLoad


def find_load(session: Session, *, queue_id: UUID) -> QueueLoad | None:
    """Return what a queue looked like when it was last counted; None before the first time."""
    return session.get(QueueLoad, queue_id, populate_existing=True)


def next_count_at(session: Session) -> datetime | None:
    """Return when a queue is to be counted again; None when none ever was."""
    return session.scalar(select(func.min(QueueLoad.count_again_at)))
