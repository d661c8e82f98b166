"""The only writer of the feed but for the statement that decides: put an entry in, take it back, number what is due.

Called by review, and the numbering by the workers.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.feed.models import FeedEntry
from app.kernel.db import lock_name
from app.kernel.errors import Conflict
from app.kernel.jobs import request_job

NUMBER: Final = "workers.feed.number"
# Locked rows are being taken back; they are looked at again when that is over.
_NUMBER_DUE: Final = text("""
WITH due AS (
  SELECT id, workspace_id, due_at FROM feed_entries
   WHERE seq IS NULL AND due_at <= :now ORDER BY due_at, id LIMIT :limit FOR UPDATE SKIP LOCKED
), heads AS (
  SELECT w.workspace_id,
         coalesce((SELECT max(f.seq) FROM feed_entries f WHERE f.workspace_id = w.workspace_id), 0) AS head
    FROM (SELECT DISTINCT workspace_id FROM due) w
), numbered AS (
  SELECT d.id, h.head + row_number() OVER (PARTITION BY d.workspace_id ORDER BY d.due_at, d.id) AS seq
    FROM due d JOIN heads h USING (workspace_id)
)
UPDATE feed_entries f SET seq = n.seq FROM numbered n WHERE f.id = n.id
RETURNING f.workspace_id, f.submission_id
""")


class OnTheFeed(Conflict):
    """Programs may have read this decision."""


@dataclass(frozen=True)
class Numbered:
    """What one pass put on the feed: how many entries, and of which workspaces and submissions."""

    count: int
    workspaces: frozenset[UUID]
    submissions: frozenset[UUID]


def put_on_feed(
    session: Session,
    *,
    workspace_id: UUID,
    type: str,  # noqa: A002  # the word of the entry itself
    submission_id: UUID,
    decision_id: UUID | None,
    due_at: datetime,
) -> None:
    """Let programs read of this from `due_at` on. `type` is one of those of webhooks."""
    session.add(
        FeedEntry(
            id=decision_id or submission_id,
            workspace_id=workspace_id,
            type=type,
            submission_id=submission_id,
            decision_id=decision_id,
            due_at=due_at,
        )
    )
    session.flush()
    look_soon(session)


def look_soon(session: Session) -> None:
    """Have the feed looked at after the commit; for the statement that writes an entry itself."""
    request_job(session, name=NUMBER)


def take_off_feed(session: Session, *, decision_id: UUID) -> None:
    """Take back the entry of a decision that is undone before it is final.

    Raises:
        OnTheFeed: it has a number.
    """
    found = session.scalar(select(FeedEntry.seq).where(FeedEntry.id == decision_id).with_for_update())
    if found is not None:
        raise OnTheFeed
    session.execute(delete(FeedEntry).where(FeedEntry.id == decision_id))


def number_due(session: Session, *, now: datetime, limit: int) -> Numbered:
    """Number up to `limit` entries that are due; whoever else numbers is waited for. Commit before the next call."""
    lock_name(session, "feed")
    rows = session.execute(_NUMBER_DUE, {"now": now, "limit": limit}).all()
    return Numbered(len(rows), frozenset(r.workspace_id for r in rows), frozenset(r.submission_id for r in rows))
