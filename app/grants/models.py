"""Tables of grants: the keys that sign them, and which grants have been used.

A grant itself is not a row: it is signed when its decision is written and lies in the decision's sealed body.
Read and written by app/grants only.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class SigningKey(Base):
    """An Ed25519 key of this installation. One signs; those before it are published until their grants have ended."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        Index("uq_signing_keys_current", text("(true)"), unique=True, postgresql_where=text("retired_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    public: Mapped[bytes] = mapped_column(LargeBinary)
    private: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed; none once it is retired")
    created_at: Mapped[datetime] = mapped_column(instant())
    retired_at: Mapped[datetime | None] = mapped_column(instant(), comment="signs nothing from then on")
    revoked_at: Mapped[datetime | None] = mapped_column(instant(), comment="its grants are worth nothing from then on")


class GrantUse(Base):
    """A grant that was used. The primary key is what makes it once."""

    __tablename__ = "grant_uses"

    grant_id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), index=True)
    decision_id: Mapped[UUID] = mapped_column(ForeignKey("decisions.id"))
    call_id: Mapped[str] = mapped_column(Text)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(instant())
