"""The table of events, and the seals that chain them.

Rows are inserted in the transaction of what they tell of, and a trigger refuses every later change. `xact_id` and
`cluster` say which transaction of which database cluster wrote a row, so that a reader can order rows by commit.
Read and written by app/audit only.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class Event(Base):
    """One line of the trail."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_subject", "workspace_id", "subject_kind", "subject_id", "number"),
        Index("ix_events_workspace", "workspace_id", "number"),
        Index("ix_events_xact_id", "xact_id"),
    )

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id"))
    at: Mapped[datetime] = mapped_column(instant())
    type: Mapped[str] = mapped_column(Text, comment="verb of the trail, for example item.claimed")
    actor_kind: Mapped[str] = mapped_column(Text, comment="person, key, system or command")
    actor_id: Mapped[UUID | None]
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    from_state: Mapped[str | None] = mapped_column(Text)
    to_state: Mapped[str | None] = mapped_column(Text)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    xact_id: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("(pg_current_xact_id()::text)::bigint"),
        comment="the transaction that wrote the row",
    )
    cluster: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("proofdesk_cluster()"),
        comment="system identifier of the database cluster that wrote the row",
    )


class EventSeal(Base):
    """The place of a committed event in its workspace's chain, and the hash that binds it to all before it."""

    __tablename__ = "event_seals"
    __table_args__ = (UniqueConstraint("number"),)

    chain: Mapped[UUID] = mapped_column(
        primary_key=True, comment="the workspace; zero for the installation's own events"
    )
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger, comment="of the event")
    sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the hash before it and the event's canonical bytes")


class Sealer(Base):
    """How far the sealer has come: one row, written under its lock.

    Every event of `cluster` whose transaction is below `below` is sealed, and so are those up to `number` whose
    transaction lies from `below` to `upto`.
    """

    __tablename__ = "sealers"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    cluster: Mapped[int] = mapped_column(BigInteger)
    below: Mapped[int] = mapped_column(BigInteger)
    upto: Mapped[int | None] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(BigInteger)
