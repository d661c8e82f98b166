"""Tables of time.

`beats` are signs of life as the server received them. `time_entries` are the ledger: append-only, milliseconds, and the
exclusion constraint holds that one person never has two active milliseconds at once, in any workspace.
Read and written by app/timekeeping; reports read them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import func, text
from sqlalchemy.sql.elements import literal_column

from app.kernel.db import Base, instant


class Beat(Base):
    """A sign of life from the page of one claim. `seq` repeated is the same beat."""

    __tablename__ = "beats"

    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    received_at: Mapped[datetime] = mapped_column(instant())
    client_mono_ms: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(Text)
    last_input_age_ms: Mapped[int | None] = mapped_column(BigInteger)


class TimeEntry(Base):
    """A credited interval of one claim, half-open; never crosses a quarter hour or a change of rate."""

    __tablename__ = "time_entries"
    __table_args__ = (
        CheckConstraint("kind IN ('active', 'idle_in_claim')", name="kind"),
        CheckConstraint("ends_at > starts_at", name="period"),
        ExcludeConstraint(
            (literal_column("person_id"), "="),
            (func.tstzrange(literal_column("starts_at"), literal_column("ends_at")), "&&"),
            where=text("kind = 'active'"),
            using="gist",
            name="ex_time_entries_one_active_second",
        ),
        Index("ix_time_entries_period", "workspace_id", "starts_at"),
        Index("ix_time_entries_claim", "claim_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime] = mapped_column(instant())
    ends_at: Mapped[datetime] = mapped_column(instant())
    ms: Mapped[int] = mapped_column(Integer)
    blurred: Mapped[bool] = mapped_column(Boolean, comment="the page was visible but another window had the focus")
    posted_at: Mapped[datetime] = mapped_column(instant())
    dated_at: Mapped[datetime | None] = mapped_column(
        instant(), comment="the day that it belongs to; empty: its own, which was not closed"
    )
