"""Tables of notifications.

A notice is news that nobody was told yet; it is spread into one notification for each person and chat hook that it
concerns, and then gone. Notifications wait until they may leave and are put together into messages, the outbox: one
mail or chat post each, leased by a worker, tried again, parked at the end. Nothing here holds what a model wrote.
Read and written by app/notifications only.
"""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, Text, Time, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant
from app.notifications.rules.kinds import KINDS, MESSAGE_STATES, NOTIFICATION_STATES


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(repr(word) for word in words)


class NotificationPreference(Base):
    """How a person wants to be told in one workspace; without a row the defaults hold."""

    __tablename__ = "notification_preferences"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    modes: Mapped[dict[str, str]] = mapped_column(JSONB, comment="by kind: at_once, hourly, daily or off")
    zone: Mapped[str] = mapped_column(Text, comment="IANA name")
    daily_at: Mapped[time] = mapped_column(Time, comment="of the person's clock, like the quiet hours")
    quiet_from: Mapped[time | None] = mapped_column(Time)
    quiet_until: Mapped[time | None] = mapped_column(Time)
    updated_at: Mapped[datetime] = mapped_column(instant())


class ChatHook(Base):
    """A chat channel that an admin registered. Its URL is a password: sealed, and destroyed with the hook."""

    __tablename__ = "chat_hooks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed; none when the hook is disabled")
    shown_url: Mapped[str] = mapped_column(Text, comment="where it leads, without what makes it a password")
    kinds: Mapped[list[str]] = mapped_column(ARRAY(Text))
    queues: Mapped[list[str]] = mapped_column(ARRAY(Text), comment="names; none: every queue")
    created_at: Mapped[datetime] = mapped_column(instant())
    disabled_at: Mapped[datetime | None] = mapped_column(instant())
    disabled_why: Mapped[str | None] = mapped_column(Text)


class Notice(Base):
    """News that was not spread yet: one row, whoever has to be told."""

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_words(KINDS)})", name="kind"),
        CheckConstraint("num_nonnulls(item_id, queue_id, endpoint_id) = 1", name="subject"),
        Index("uq_notices_queue", "queue_id", unique=True, postgresql_where=text("queue_id IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    kind: Mapped[str] = mapped_column(Text)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("items.id"))
    queue_id: Mapped[UUID | None] = mapped_column(ForeignKey("queues.id"), comment="for news that work waits")
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("endpoints.id"))
    to_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), comment="to whom it was handed over")
    by_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime] = mapped_column(instant())


class Notification(Base):
    """One thing that one person, or one chat hook, is to be told."""

    __tablename__ = "notifications"
    __table_args__ = (
        CheckConstraint(f"kind IN ({_words(KINDS)})", name="kind"),
        CheckConstraint(f"state IN ({_words(NOTIFICATION_STATES)})", name="state"),
        CheckConstraint("(person_id IS NULL) = (hook_id IS NOT NULL)", name="addressee"),
        Index(
            "uq_notifications_pending",
            "person_id",
            "hook_id",
            "kind",
            "item_id",
            "queue_id",
            "endpoint_id",
            unique=True,
            postgresql_where=text("state = 'pending'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_notifications_leaving", "leaves_at", postgresql_where=text("state = 'pending'")),
        Index("ix_notifications_message", "message_id"),
        Index("ix_notifications_waiting", "queue_id", "made_at", postgresql_where=text("kind = 'waiting'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    hook_id: Mapped[UUID | None] = mapped_column(ForeignKey("chat_hooks.id"))
    kind: Mapped[str] = mapped_column(Text)
    item_id: Mapped[UUID | None] = mapped_column(ForeignKey("items.id"))
    queue_id: Mapped[UUID | None] = mapped_column(ForeignKey("queues.id"), comment="for news that work waits")
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("endpoints.id"))
    to_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    by_person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime] = mapped_column(instant())
    leaves_at: Mapped[datetime] = mapped_column(instant(), comment="not before")
    state: Mapped[str] = mapped_column(Text)
    message_id: Mapped[UUID | None] = mapped_column(ForeignKey("messages.id"))
    settled_at: Mapped[datetime | None] = mapped_column(instant())


class Message(Base):
    """One mail to one person, or one post to one chat hook, made of notifications; the outbox."""

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint(f"state IN ({_words(MESSAGE_STATES)})", name="state"),
        CheckConstraint("(person_id IS NULL) = (hook_id IS NOT NULL)", name="addressee"),
        Index("ix_messages_due", "next_attempt_at", postgresql_where=text("state = 'due'")),
        Index("ix_messages_person", "person_id", "workspace_id", "made_at"),
        Index("ix_messages_hook", "hook_id", "made_at"),
        Index("ix_messages_settled", "settled_at", postgresql_where=text("settled_at IS NOT NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    hook_id: Mapped[UUID | None] = mapped_column(ForeignKey("chat_hooks.id"))
    trial: Mapped[bool] = mapped_column(Boolean, comment="an admin tries a hook; it tells nothing")
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    made_at: Mapped[datetime] = mapped_column(instant())
    next_attempt_at: Mapped[datetime] = mapped_column(instant())
    leased_until: Mapped[datetime | None] = mapped_column(instant(), comment="a worker is sending it until then")
    settled_at: Mapped[datetime | None] = mapped_column(instant())
    problem: Mapped[str | None] = mapped_column(Text, comment="why the latest try failed, in a few fixed words")


class QueueTelling(Base):
    """When it was last said that work waits in a queue."""

    __tablename__ = "queue_tellings"

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    told_at: Mapped[datetime] = mapped_column(instant())


class ArrivalLook(Base):
    """Up to when arrivals were looked at; one row."""

    __tablename__ = "arrival_looks"

    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    looked_to: Mapped[datetime] = mapped_column(instant())
