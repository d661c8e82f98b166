"""Read the feed. Called by the feed API and the sequencer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.feed.models import FeedEntry


def list_entries(session: Session, *, workspace_id: UUID, after: int, limit: int) -> list[FeedEntry]:
    """Return up to `limit` entries of a workspace with a number above `after`, in order."""
    rows = select(FeedEntry).where(FeedEntry.workspace_id == workspace_id, FeedEntry.seq > after)
    return list(session.scalars(rows.order_by(FeedEntry.seq).limit(limit)))


def last_seq(session: Session, *, workspace_id: UUID) -> int:
    """Return the number of a workspace's newest entry; 0 when it has none."""
    return session.scalar(select(func.max(FeedEntry.seq)).where(FeedEntry.workspace_id == workspace_id)) or 0


def next_entry_at(session: Session) -> datetime | None:
    """Return when the next entry is due to be numbered, None if none waits."""
    return session.scalar(select(func.min(FeedEntry.due_at)).where(FeedEntry.seq.is_(None)))
