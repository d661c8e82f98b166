"""The table of policies: a document per version, a draft until published, then never changed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class Policy(Base):
    """One version of the rules of a task type. The newest published version is the one in force."""

    __tablename__ = "policies"
    __table_args__ = (
        UniqueConstraint("workspace_id", "task_type", "version"),
        Index(
            "ix_policies_in_force",
            "workspace_id",
            "task_type",
            "published_at",
            postgresql_where=text("published_at IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    task_type: Mapped[str] = mapped_column(Text, comment="name; a policy goes with every version of it")
    version: Mapped[int] = mapped_column(Integer)
    document: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[datetime] = mapped_column(instant())
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    published_at: Mapped[datetime | None] = mapped_column(instant())
    published_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
