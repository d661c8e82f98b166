"""Tables of the queue.

`items` is narrow and knows its place in line (`sort_key`); its content lies with the submission. A claim is a lease
with a fencing token; the partial unique indexes hold at most one live claim per item, and one per person and workspace,
and at most one item reserved for a person.
Read and written by app/queue; reports read them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant
from app.queue.rules import CLAIM_OUTCOMES, OPEN, SKIP_POLICIES, STAGES, STATES


def _words(words: tuple[str, ...]) -> str:
    return ", ".join(repr(word) for word in words)


class Calendar(Base):
    """Business hours, in which deadlines count."""

    __tablename__ = "calendars"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    zone: Mapped[str] = mapped_column(Text, comment="IANA name")
    hours: Mapped[dict[str, list[list[str]]]] = mapped_column(JSONB, comment="by weekday: mon to sun, [from, to] pairs")
    country: Mapped[str | None] = mapped_column(Text, comment="whose public holidays are closed, ISO 3166")
    subdivision: Mapped[str | None] = mapped_column(Text)
    closed_days: Mapped[list[date]] = mapped_column(ARRAY(Date))
    open_days: Mapped[list[date]] = mapped_column(ARRAY(Date), comment="holidays on which people work all the same")
    created_at: Mapped[datetime] = mapped_column(instant())
    updated_at: Mapped[datetime] = mapped_column(instant())


class Queue(Base):
    """A named line of items that some reviewers may work, and how it is worked."""

    __tablename__ = "queues"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name"),
        CheckConstraint(f"skip_policy IN ({_words(SKIP_POLICIES)})", name="skip_policy"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendars.id"), comment="none: round the clock")
    value_order: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="order by what is at stake"
    )
    half_life_ms: Mapped[int] = mapped_column(
        BigInteger, server_default=text("14400000"), comment="in which the pressure of a deadline doubles"
    )
    soon_ms: Mapped[int] = mapped_column(
        BigInteger, server_default=text("3600000"), comment="how long before its time an item counts as due soon"
    )
    skip_policy: Mapped[str] = mapped_column(Text, server_default=text("'me_last'"))
    skip_reasons: Mapped[list[str]] = mapped_column(
        ARRAY(Text), server_default=text("'{}'"), comment="one of them must be given, if there are any"
    )
    relaxations: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'"), comment="after how long in line which skills are no longer asked for"
    )
    lapse_ms: Mapped[int] = mapped_column(
        BigInteger, server_default=text("14400000"), comment="how long an item waits for the person it was given to"
    )
    paused_at: Mapped[datetime | None] = mapped_column(instant(), comment="nothing is handed out while it is set")
    rekey_from: Mapped[UUID | None] = mapped_column(comment="items after this one still have the key of the old order")
    changed_at: Mapped[datetime | None] = mapped_column(instant(), comment="when its settings were last changed")
    created_at: Mapped[datetime] = mapped_column(instant())


class QueueLoad(Base):
    """What a queue looked like when it was last counted: counting a million rows is not for a request."""

    __tablename__ = "queue_loads"

    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    counted_at: Mapped[datetime] = mapped_column(instant())
    count_again_at: Mapped[datetime] = mapped_column(
        instant(), index=True, comment="later for a queue that takes long to count"
    )
    complete: Mapped[bool] = mapped_column(Boolean, comment="false: there are more than were counted")
    waiting: Mapped[int] = mapped_column(BigInteger)
    by_priority: Mapped[dict[str, int]] = mapped_column(JSONB, comment="how many wait at each priority")
    oldest_at: Mapped[datetime | None] = mapped_column(instant(), comment="when the oldest that waits came in")
    next_due_at: Mapped[datetime | None] = mapped_column(instant())
    due_soon: Mapped[int] = mapped_column(BigInteger)
    breached: Mapped[int] = mapped_column(BigInteger)
    decided_last_hour: Mapped[int] = mapped_column(BigInteger)
    handle_ms: Mapped[int | None] = mapped_column(BigInteger, comment="median active time of a verdict, lately")
    people_working: Mapped[int] = mapped_column(
        Integer, comment="people who hold an item of it or judged one in the last 15 minutes"
    )


class HandlingTime(Base):
    """How long reviews of a task type have taken lately."""

    __tablename__ = "handling_times"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    task_type: Mapped[str] = mapped_column(Text, primary_key=True, comment="its name")
    median_ms: Mapped[int] = mapped_column(BigInteger, comment="median active time of its latest claims")
    claims: Mapped[int] = mapped_column(Integer, comment="how many were counted")
    measured_at: Mapped[datetime] = mapped_column(instant())


class Presence(Base):
    """Whether a person is there to work, as far as she said."""

    __tablename__ = "presences"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"), primary_key=True)
    paused_at: Mapped[datetime | None] = mapped_column(instant(), comment="nothing is handed out while it is set")
    reason: Mapped[str | None] = mapped_column(Text, comment="break, meeting, training or other")
    seen_at: Mapped[datetime | None] = mapped_column(instant(), comment="when she last asked in vain, to the minute")


class Item(Base):
    """One unit of review work."""

    __tablename__ = "items"
    __table_args__ = (
        CheckConstraint(f"state IN ({_words(STATES)})", name="state"),
        CheckConstraint(f"stage IN ({_words(STAGES)})", name="stage"),
        CheckConstraint("review_mode IN ('open', 'blind')", name="review_mode"),
        CheckConstraint("(held_by IS NULL) = (state NOT IN ('reserved', 'held'))", name="holder"),
        CheckConstraint("(reserved_until IS NULL) = (state <> 'reserved')", name="reservation"),
        Index(
            "ix_items_waiting",
            "queue_id",
            "sort_key",
            "id",
            postgresql_where=text("state = 'waiting' AND assigned_to IS NULL"),
        ),
        Index(
            "ix_items_assigned",
            "assigned_to",
            "sort_key",
            "id",
            postgresql_where=text("state = 'waiting' AND assigned_to IS NOT NULL"),
        ),
        Index("ix_items_wake", "wake_at", postgresql_where=text(f"state IN ({_words(OPEN)})")),
        Index("ix_items_held", "held_by", postgresql_where=text("state IN ('reserved', 'held')")),
        Index("uq_items_reserved", "held_by", "workspace_id", unique=True, postgresql_where=text("state = 'reserved'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), unique=True)
    queue_id: Mapped[UUID] = mapped_column(ForeignKey("queues.id"))
    state: Mapped[str] = mapped_column(Text)
    sort_key: Mapped[int] = mapped_column(BigInteger, comment="smaller is served first: priority, then due time")
    priority: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(instant())
    stage: Mapped[str] = mapped_column(Text, server_default=text("'on_time'"))
    wake_at: Mapped[datetime | None] = mapped_column(instant(), comment="when the sweeper has to look at it next")
    soon_at: Mapped[datetime | None] = mapped_column(instant(), comment="from when it counts as due soon")
    step_at: Mapped[datetime | None] = mapped_column(instant(), comment="when its next escalation step is due")
    on_timeout: Mapped[str] = mapped_column(Text, server_default=text("'escalate'"))
    on_last_timeout: Mapped[str] = mapped_column(
        Text, server_default=text("'stay'"), comment="what happens when no escalation step is left"
    )
    escalation: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    tier: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="escalation steps taken")
    relaxed: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="relaxation steps taken")
    high_risk: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    skills: Mapped[list[str]] = mapped_column(ARRAY(Text))
    for_lead: Mapped[bool] = mapped_column(Boolean, server_default=text("false"), comment="only a lead may take it")
    candidates: Mapped[list[UUID] | None] = mapped_column(ARRAY(Uuid), comment="people and groups; none: everybody")
    barred: Mapped[list[UUID]] = mapped_column(
        ARRAY(Uuid), server_default=text("'{}'"), comment="people and groups that may not take it, besides voters"
    )
    bar_reasons: Mapped[dict[str, str]] = mapped_column(JSONB, server_default=text("'{}'"), comment="by id in hex")
    skipped_by: Mapped[list[UUID]] = mapped_column(
        ARRAY(Uuid), server_default=text("'{}'"), comment="people who get it back after everything else"
    )
    assigned_to: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), comment="who alone may take it")
    assigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"))
    assigned_until: Mapped[datetime | None] = mapped_column(instant())
    held_by: Mapped[UUID | None] = mapped_column(
        ForeignKey("people.id"), comment="who keeps it, or for whom it is reserved"
    )
    reserved_until: Mapped[datetime | None] = mapped_column(instant())
    flagged: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="somebody asked for a second opinion"
    )
    unskippable: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    approvals_required: Mapped[int] = mapped_column(Integer)
    rejections_required: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    review_mode: Mapped[str] = mapped_column(
        Text, server_default=text("'open'"), comment="open, or blind: reviewers do not see each other's votes"
    )
    reviews_max: Mapped[int] = mapped_column(
        Integer, server_default=text("3"), comment="blind reviews before a lead has to settle it"
    )
    double_probability: Mapped[Decimal | None] = mapped_column(
        Numeric, comment="how likely this item was to be reviewed twice, when that was drawn"
    )
    adjudicating: Mapped[bool] = mapped_column(
        Boolean, server_default=text("false"), comment="reviewers disagree, a lead settles it"
    )
    log2_value: Mapped[float] = mapped_column(
        Double, server_default=text("0"), comment="log2 of risk x probability wrong / expected minutes"
    )
    value_terms: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    expected_ms: Mapped[int | None] = mapped_column(BigInteger, comment="how long a review of it is expected to take")
    voters: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), comment="people whose vote stands; they may not vote again")
    token: Mapped[int] = mapped_column(BigInteger, comment="newest fencing token given out, 0 before the first claim")
    version: Mapped[int] = mapped_column(Integer, comment="number of transitions so far")
    claim_ms: Mapped[int] = mapped_column(BigInteger, comment="lease length, from the task type's version")
    cap_ms: Mapped[int] = mapped_column(BigInteger, comment="age of the latest input at which a second stops to count")
    created_at: Mapped[datetime] = mapped_column(instant())


class Claim(Base):
    """A reviewer's lease on an item."""

    __tablename__ = "claims"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_words(CLAIM_OUTCOMES)})", name="outcome"),
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
