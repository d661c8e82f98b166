"""Tables of the queue.

`items` is narrow and knows its place in line (`sort_key`); its content lies with the submission. A claim is a lease
with a fencing token; the partial unique indexes hold at most one live claim per item, and one per person and workspace.
Read and written by app/queue; reports read them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant
from app.queue.rules import CLAIM_OUTCOMES, STATES


class Queue(Base):
    """A named line of items that some reviewers may work."""

    __tablename__ = "queues"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(instant())


class Item(Base):
    """One unit of review work."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint(f"state IN ({', '.join(repr(s) for s in STATES)})", name="state"),
        Index("ix_items_waiting", "queue_id", "sort_key", "id", postgresql_where=text("state = 'waiting'")),
        Index("ix_items_due", "due_at", postgresql_where=text("state IN ('waiting', 'claimed')")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), unique=True)
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id"))
    state: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[int] = mapped_column(BigInteger, comment="smaller is served first: priority, then due time")
    priority: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(instant())
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    approvals_required: Mapped[int] = mapped_column(Integer)
    voters: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), comment="people who voted and may not vote again")
    token: Mapped[int] = mapped_column(BigInteger, comment="newest fencing token given out, 0 before the first claim")
    version: Mapped[int] = mapped_column(Integer, comment="number of transitions so far")
    claim_ms: Mapped[int] = mapped_column(BigInteger, comment="lease length, from the task type's version")
    cap_ms: Mapped[int] = mapped_column(BigInteger, comment="age of the latest input at which a second stops to count")
    created_at: Mapped[datetime] = mapped_column(instant())


class Claim(Base):
    """A reviewer's lease on an item."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({', '.join(repr(o) for o in CLAIM_OUTCOMES)})", name="outcome"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended"),
        UniqueConstraint("item_id", "token"),
        Index("uq_claims_live_item", "item_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        Index(
            "uq_claims_live_person",
            "person_id",
            "workspace_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_claims_expiry", "expires_at", postgresql_where=text("ended_at IS NULL")),
        Index("ix_claims_person", "person_id", "claimed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    token: Mapped[int] = mapped_column(BigInteger)
    channel: Mapped[str] = mapped_column(Text, comment="desk or api")
    claim_ms: Mapped[int] = mapped_column(BigInteger, comment="lease length, from the task type's version")
    cap_ms: Mapped[int] = mapped_column(BigInteger, comment="age of the latest input at which a second stops to count")
    claimed_at: Mapped[datetime] = mapped_column(instant())
    expires_at: Mapped[datetime] = mapped_column(instant())
    ended_at: Mapped[datetime | None] = mapped_column(instant())
    outcome: Mapped[str | None] = mapped_column(Text)
