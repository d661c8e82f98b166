"""Tables of submissions.

A submission's body lies in `contents` exactly as it arrived, sealed under a data key of its own; `submissions` holds
only what is needed to route, find, count and price. Task types are versioned: a row is never changed.
Read and written by app/submissions; reports read them.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant
from app.submissions.rules.status import STATUSES
from app.submissions.rules.task_type import HIGH_RISK_CHECKS


class TaskType(Base):
    """One version of a kind of output: its schema, guidelines, reason codes and deadlines."""

    __tablename__ = "task_types"
    __table_args__ = (
        UniqueConstraint("workspace_id", "name", "version"),
        CheckConstraint(f"high_risk_check IN ({', '.join(repr(c) for c in HIGH_RISK_CHECKS)})", name="high_risk_check"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    output_schema: Mapped[str] = mapped_column(Text, comment="JSON Schema as text; jsonb would reorder its keys")
    guidelines: Mapped[str] = mapped_column(Text)
    reason_codes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    sla_ms: Mapped[int] = mapped_column(BigInteger)
    on_timeout: Mapped[str] = mapped_column(Text)
    on_last_timeout: Mapped[str] = mapped_column(
        Text, server_default=text("'stay'"), comment="what happens when no escalation step is left"
    )
    escalation: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=text("'[]'"))
    approvals_required: Mapped[int] = mapped_column(Integer)
    rejections_required: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    double_review_rate: Mapped[Decimal] = mapped_column(
        Numeric, server_default=text("0"), comment="share of items that two people judge, blind to each other"
    )
    max_reviewers: Mapped[int] = mapped_column(
        Integer, server_default=text("3"), comment="who disagree before a lead settles it"
    )
    unskippable: Mapped[bool] = mapped_column(Boolean, server_default=text("false"))
    high_risk_check: Mapped[str] = mapped_column(
        Text, server_default=text("'typed'"), comment="what is asked before a high-risk action may run"
    )
    queue: Mapped[str] = mapped_column(Text)
    undo_ms: Mapped[int] = mapped_column(BigInteger)
    claim_ms: Mapped[int] = mapped_column(BigInteger)
    cap_ms: Mapped[int] = mapped_column(BigInteger, comment="age of the latest input at which a second stops to count")
    grant_ms: Mapped[int] = mapped_column(
        BigInteger,
        server_default=text("604800000"),
        comment="how long an approved action may be run after its decision is final",
    )
    created_at: Mapped[datetime] = mapped_column(instant())


class Submission(Base):
    """What a program sent, and what became of it."""

    __tablename__ = "submissions"
    __table_args__ = (
        CheckConstraint(f"status IN ({', '.join(repr(s) for s in STATUSES)})", name="status"),
        CheckConstraint("inclusion_probability BETWEEN 0 AND 1", name="probability"),
        Index("ix_submissions_newest", "workspace_id", "created_at", "id"),
        Index(
            "ix_submissions_external",
            "workspace_id",
            "external_id",
            postgresql_where=text("external_id IS NOT NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    task_type_id: Mapped[UUID] = mapped_column(ForeignKey("task_types.id"), index=True)
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    external_id: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, comment="waiting while its item is open, then the outcome")
    content_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of the body's bytes as they arrived")
    has_output: Mapped[bool] = mapped_column(Boolean)
    high_risk: Mapped[bool] = mapped_column(Boolean)
    confidence: Mapped[Decimal | None] = mapped_column(Numeric)
    model_provider: Mapped[str | None] = mapped_column(Text)
    model_name: Mapped[str | None] = mapped_column(Text)
    model_version: Mapped[str | None] = mapped_column(Text)
    prompt_id: Mapped[str | None] = mapped_column(Text)
    prompt_version: Mapped[str | None] = mapped_column(Text)
    endpoint_id: Mapped[UUID | None] = mapped_column(ForeignKey("endpoints.id"))
    route_outcome: Mapped[str] = mapped_column(Text)
    route_rules: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    policy_id: Mapped[UUID | None] = mapped_column(ForeignKey("policies.id"))
    policy_version: Mapped[int | None] = mapped_column(Integer)
    inclusion_probability: Mapped[Decimal] = mapped_column(Numeric)
    llm_amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6), comment="as usage reports")
    llm_currency: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(instant())
    final_at: Mapped[datetime | None] = mapped_column(instant(), comment="programs see the outcome from then on")


class Content(Base):
    """The sealed body of a submission and the wrapped key that opens it; destroying the key erases the body."""

    __tablename__ = "contents"

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    data_key: Mapped[bytes] = mapped_column(LargeBinary)
    body: Mapped[bytes] = mapped_column(LargeBinary)


class SearchKey(Base):
    """The key under which the words of a workspace's submissions are hidden."""

    __tablename__ = "search_keys"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed")


class SearchEntry(Base):
    """The words by which a submission is found, each as a digest under its workspace's key."""

    __tablename__ = "search_entries"
    __table_args__ = (Index("ix_search_entries_words", "words", postgresql_using="gin"),)

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    words: Mapped[str] = mapped_column(TSVECTOR)


class IdempotentAnswer(Base):
    """A 2xx answer kept for the key under which it was asked for."""

    __tablename__ = "idempotent_answers"

    key_id: Mapped[UUID] = mapped_column(ForeignKey("api_keys.id"), primary_key=True)
    idempotency_key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_sha256: Mapped[bytes] = mapped_column(LargeBinary, comment="of method, path and body")
    status_code: Mapped[int] = mapped_column(Integer)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submissions.id"))
    created_at: Mapped[datetime] = mapped_column(instant(), index=True)


class LaterOutcome(Base):
    """What was learnt of a submission after it was decided: whether it was right, and what would have been."""

    __tablename__ = "outcomes"
    __table_args__ = (Index("ix_outcomes_submission", "submission_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    key_id: Mapped[UUID | None] = mapped_column(ForeignKey("api_keys.id"))
    correct: Mapped[bool | None] = mapped_column(Boolean)
    label: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed: true output, note")
    observed_at: Mapped[datetime | None] = mapped_column(instant())
    recorded_at: Mapped[datetime] = mapped_column(instant())
