"""Tables of review: votes, decisions and drafts.

Votes and decisions are append-only but for a vote's `counts` (an edit resets the votes before it) and a decision's
`superseded_by` and `undone_at`. What was written lies sealed with the submission's data key.
Read and written by app/review; reports read them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    LargeBinary,
    Text,
    and_,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant
from app.review.rules import DECIDER_KINDS, DECISION_STATUSES, VOTE_VERBS


class Vote(Base):
    """What one reviewer said about one item under one claim."""

    __tablename__ = "votes"
    __table_args__ = (
        CheckConstraint(f"verb IN ({', '.join(repr(v) for v in VOTE_VERBS)})", name="verb"),
        Index("uq_votes_person", "item_id", "person_id", unique=True, postgresql_where=text("counts")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"), unique=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    token: Mapped[int] = mapped_column(BigInteger)
    verb: Mapped[str] = mapped_column(Text)
    late: Mapped[bool] = mapped_column(Boolean)
    counts: Mapped[bool] = mapped_column(
        Boolean, comment="false once a later edit made it void, or its decision was taken back"
    )
    adjudicates: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="a lead's, which settles a disagreement by itself"
    )
    answer: Mapped[bytes | None] = mapped_column(
        LargeBinary, comment="keyed digest of verb and outcome, equal for votes of an item that agree"
    )
    reason_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of what was asked, to know a repeated submit")
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed: output, actions, message, note")
    active_ms: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(instant())


class Decision(Base):
    """What came out for a submission."""

    __tablename__ = "decisions"
    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(repr(s) for s in DECISION_STATUSES)})", name="status"),
        CheckConstraint(f"decided_by_kind IN ({', '.join(repr(k) for k in DECIDER_KINDS)})", name="decided_by_kind"),
        Index(
            "uq_decisions_item",
            "item_id",
            unique=True,
            postgresql_where=text("superseded_by IS NULL AND undone_at IS NULL"),
        ),
        Index("ix_decisions_decided", "workspace_id", "decided_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), index=True)
    claim_id: Mapped[UUID | None] = mapped_column(ForeignKey("claims.id"), comment="of the vote that decided")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), comment="whose act it was, if a person's")
    status: Mapped[str] = mapped_column(Text)
    decided_by_kind: Mapped[str] = mapped_column(Text)
    late: Mapped[bool] = mapped_column(Boolean)
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the body that the reviewer was shown")
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed: output, actions, message, note")
    decided_at: Mapped[datetime] = mapped_column(instant())
    final_at: Mapped[datetime] = mapped_column(instant())
    supersedes: Mapped[UUID | None] = mapped_column(ForeignKey("decisions.id"))
    # Deferred: the overturned row has to leave the unique index before the row that overturns it exists.
    superseded_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("decisions.id", deferrable=True, initially="DEFERRED")
    )
    undone_at: Mapped[datetime | None] = mapped_column(instant(), comment="taken back before it was final")

    @hybrid_property
    def stands(self) -> bool:
        """Say whether this is the decision that counts: neither overturned nor taken back."""
        return self.superseded_by is None and self.undone_at is None

    @stands.inplace.expression
    @classmethod
    def _stands(cls) -> ColumnElement[bool]:
        return and_(cls.superseded_by.is_(None), cls.undone_at.is_(None))


class Draft(Base):
    """Text that a reviewer typed and did not hand in; `lost` when somebody overtook the claim it was typed under."""

    __tablename__ = "drafts"
    __table_args__ = (Index("uq_drafts_open", "item_id", "person_id", unique=True, postgresql_where=text("NOT lost")),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), index=True)
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    lost: Mapped[bool] = mapped_column(Boolean)
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    saved_at: Mapped[datetime] = mapped_column(instant())


class ItemNote(Base):
    """What a reviewer left for whoever has the item next. Never changed."""

    __tablename__ = "item_notes"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    item_id: Mapped[UUID] = mapped_column(ForeignKey("items.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(Text, comment="the act that it explains")
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    at: Mapped[datetime] = mapped_column(instant())
