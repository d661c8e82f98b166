"""The table of the feed.

A row is written in the transaction that decides, without a number. One sequencer numbers the rows that are due, in
its own transaction, so numbers have no gap, appear in their order, and none appears before an earlier one.
Read and written by app/feed, and by the one statement that decides.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class FeedEntry(Base):
    """A decision that is or will be final, or the end of a submission that nobody decided."""

    __tablename__ = "feed_entries"
    __table_args__ = (
        UniqueConstraint("workspace_id", "seq"),
        Index("ix_feed_entries_due", "due_at", postgresql_where=text("seq IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, comment="the decision's, or the submission's without one")
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    seq: Mapped[int | None] = mapped_column(BigInteger, comment="none until it is due and numbered")
    type: Mapped[str] = mapped_column(Text, comment="submission.decided, submission.superseded or submission.expired")
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    decision_id: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"))
    due_at: Mapped[datetime] = mapped_column(instant(), comment="when the decision is final")
