"""Tables of adjustments.

An adjustment is asked for and then granted or refused, never by whose time it is. The entries that it makes are
append-only lines of the ledger: reversals, one at most for an entry, and new ones. Read and written by
app/adjustments; reports read them.
"""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, Numeric, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.adjustments.rules import KINDS, PRICED_LATER, REASONS, STATES
from app.kernel.db import Base, instant


def _words(*words: str) -> str:
    return ", ".join(repr(word) for word in words)


class Adjustment(Base):
    """What somebody says a person's time should be, and what became of it."""

    __tablename__ = "adjustments"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_words(*KINDS)})", name="kind"),
        CheckConstraint(f"state IN ({_words(*STATES)})", name="state"),
        CheckConstraint(f"reason IN ({_words(*REASONS, PRICED_LATER)})", name="reason"),
        CheckConstraint(
            "(state = 'asked') = (settled_by IS NULL) AND (state = 'asked') = (settled_at IS NULL)", name="settled"
        ),
        CheckConstraint("settled_by <> person_id", name="not_ones_own"),
        CheckConstraint("asked_ms >= 0 AND granted_ms >= 0", name="ms"),
        Index("ix_adjustments_list", "workspace_id", "id"),
        Index("ix_adjustments_person", "workspace_id", "person_id", "id"),
        Index("uq_adjustments_asked", "claim_id", unique=True, postgresql_where=text("state = 'asked'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), comment="whose time it is")
    claim_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("claims.id"), comment="empty: time outside of items, or only prices"
    )
    kind: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(instant(), comment="when the time was")
    asked_ms: Mapped[int | None] = mapped_column(BigInteger)
    granted_ms: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    note: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime] = mapped_column(instant())
    settled_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    settled_at: Mapped[datetime | None] = mapped_column(instant())
    reply: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed")


class AdjustingEntry(Base):
    """A line that corrects the ledger: it takes an entry back, or stands in the place of those taken back."""

    __tablename__ = "adjusting_entries"
    __table_args__ = (
        CheckConstraint("num_nonnulls(reverses_time_entry_id, reverses_entry_id) <= 1", name="reverses"),
        CheckConstraint(
            "CASE WHEN num_nonnulls(reverses_time_entry_id, reverses_entry_id) = 1 THEN ms <= 0 ELSE ms >= 0 END",
            name="sign",
        ),
        CheckConstraint(
            "(amount IS NULL) = (rate_card_id IS NULL) AND (amount IS NULL) = (currency IS NULL)", name="priced"
        ),
        CheckConstraint("unpriced_ms = CASE WHEN amount IS NULL THEN ms ELSE 0 END", name="unpriced"),
        Index("ix_adjusting_entries_claim", "claim_id"),
        Index("ix_adjusting_entries_period", "workspace_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    adjustment_id: Mapped[UUID] = mapped_column(ForeignKey("adjustments.id"), index=True)
    claim_id: Mapped[UUID | None] = mapped_column(ForeignKey("claims.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    reverses_time_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("time_entries.id"), unique=True)
    reverses_entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("adjusting_entries.id"), unique=True)
    at: Mapped[datetime] = mapped_column(instant(), comment="when the time was")
    dated_at: Mapped[datetime | None] = mapped_column(instant(), comment="as in time_entries")
    ms: Mapped[int] = mapped_column(BigInteger, comment="below zero in a reversal")
    rate_card_id: Mapped[UUID | None] = mapped_column(ForeignKey("rate_cards.id"))
    currency: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    unpriced_ms: Mapped[int] = mapped_column(BigInteger)
    posted_at: Mapped[datetime] = mapped_column(instant())
