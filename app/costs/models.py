"""Tables of money.

All are append-only. A rate card has two dates: valid when, and known when (`recorded_at`). A cost entry prices one
time entry; without a rate its amount is empty and its seconds are counted as unpriced, never as zero. A piece entry is
what an item costs that is paid by the item.
Calls of language models are kept beside them, with the cost that their provider reported and the one by a list.
Read and written by app/costs; reports read them.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kernel.db import Base, instant


class RateCard(Base):
    """What an hour, a minute or an item of a reviewer costs: base x burden, + overhead per hour, from an instant on.

    For one person, one role, one vendor, or everybody.
    """

    __tablename__ = "rate_cards"
    __table_args__ = (
        CheckConstraint("unit IN ('hour', 'minute', 'item')", name="unit"),
        CheckConstraint("num_nonnulls(person_id, role, vendor) <= 1", name="whom"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="period"),
        CheckConstraint("base >= 0 AND burden >= 0 AND overhead >= 0", name="amounts"),
        Index("ix_rate_cards_lookup", "workspace_id", "person_id", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id"), comment="empty: all others")
    role: Mapped[str | None] = mapped_column(Text)
    vendor: Mapped[str | None] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    unit: Mapped[str] = mapped_column(Text)
    base: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    burden: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    overhead: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    valid_from: Mapped[datetime] = mapped_column(instant())
    valid_to: Mapped[datetime | None] = mapped_column(instant())
    recorded_at: Mapped[datetime] = mapped_column(instant(), comment="when this was known")


class CostEntry(Base):
    """The price of one active time entry."""

    __tablename__ = "cost_entries"
    __table_args__ = (
        CheckConstraint(
            "(amount IS NULL) = (rate_card_id IS NULL) AND (amount IS NULL) = (currency IS NULL)", name="priced"
        ),
        CheckConstraint("(amount IS NULL) = (unpriced_ms > 0)", name="unpriced"),
    )

    time_entry_id: Mapped[UUID] = mapped_column(ForeignKey("time_entries.id"), primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    rate_card_id: Mapped[UUID | None] = mapped_column(ForeignKey("rate_cards.id"))
    currency: Mapped[str | None] = mapped_column(Text)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6))
    unpriced_ms: Mapped[int] = mapped_column(Integer)
    posted_at: Mapped[datetime] = mapped_column(instant())


class PieceEntry(Base):
    """What an item costs that is paid by the item: one for the verdict of a claim, and a reversal if it is undone."""

    __tablename__ = "piece_entries"
    __table_args__ = (
        Index("ix_piece_entries_period", "workspace_id", "at"),
        Index("ix_piece_entries_claim", "claim_id"),
        Index("uq_piece_entries_claim", "claim_id", unique=True, postgresql_where=text("reverses_id IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    claim_id: Mapped[UUID] = mapped_column(ForeignKey("claims.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id"))
    rate_card_id: Mapped[UUID] = mapped_column(ForeignKey("rate_cards.id"))
    currency: Mapped[str] = mapped_column(Text)
    amount: Mapped[Decimal] = mapped_column(Numeric(20, 6))
    at: Mapped[datetime] = mapped_column(instant(), comment="when the verdict was handed in")
    posted_at: Mapped[datetime] = mapped_column(instant())
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("piece_entries.id"), unique=True)
    dated_at: Mapped[datetime | None] = mapped_column(
        instant(), comment="the day that it belongs to; empty: its own, which was not closed"
    )


class PeriodClose(Base):
    """The books are closed for what is dated before an instant: what is posted later belongs to the open period."""

    __tablename__ = "period_closes"
    __table_args__ = (
        CheckConstraint("until_at <= closed_at", name="past"),
        UniqueConstraint("workspace_id", "until_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    until_at: Mapped[datetime] = mapped_column(instant(), comment="closed is what is dated before it")
    closed_at: Mapped[datetime] = mapped_column(instant())


class ExchangeRate(Base):
    """How much of one currency another bought on a day, and who says so."""

    __tablename__ = "exchange_rates"
    __table_args__ = (
        CheckConstraint("rate > 0", name="rate"),
        CheckConstraint("from_currency <> to_currency", name="pair"),
        Index("ix_exchange_rates_day", "workspace_id", "on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    from_currency: Mapped[str] = mapped_column(Text)
    to_currency: Mapped[str] = mapped_column(Text)
    rate: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    on: Mapped[date] = mapped_column(Date)
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(instant(), comment="when this was known")


class LlmPrice(Base):
    """What a list says that a model costs from an instant on. Append-only, like rate cards."""

    __tablename__ = "llm_prices"
    __table_args__ = (
        CheckConstraint("match IN ('equals', 'starts_with')", name="match"),
        Index("ix_llm_prices_model", "workspace_id", "model"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    provider: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    match: Mapped[str] = mapped_column(Text)
    currency: Mapped[str] = mapped_column(Text)
    tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, comment="prices of a million tokens, as decimal text")
    valid_from: Mapped[datetime] = mapped_column(instant())
    source: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(instant(), comment="when this was known")


class LlmCall(Base):
    """One call of a language model that a submission took: retries, failures and judges too.

    A call with a response id is kept once in a workspace, whoever reports it again.
    """

    __tablename__ = "llm_calls"
    __table_args__ = (
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="cost"),
        Index(
            "uq_llm_calls_response",
            "workspace_id",
            "provider",
            "response_id",
            unique=True,
            postgresql_where=text("response_id IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_llm_calls_submission", "submission_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    provider: Mapped[str | None] = mapped_column(Text)
    response_id: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str | None] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(Integer)
    input_tokens: Mapped[int | None] = mapped_column(BigInteger)
    cached_input_tokens: Mapped[int | None] = mapped_column(BigInteger, comment="among the input tokens")
    cache_write_input_tokens: Mapped[int | None] = mapped_column(BigInteger, comment="among the input tokens")
    output_tokens: Mapped[int | None] = mapped_column(BigInteger)
    reasoning_tokens: Mapped[int | None] = mapped_column(BigInteger, comment="among the output tokens")
    latency_ms: Mapped[int | None] = mapped_column(BigInteger)
    amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6), comment="as reported")
    currency: Mapped[str | None] = mapped_column(Text)
    list_price_id: Mapped[UUID | None] = mapped_column(ForeignKey("llm_prices.id"))
    list_amount: Mapped[Decimal | None] = mapped_column(Numeric(20, 6), comment="by the list, whatever was reported")
    list_currency: Mapped[str | None] = mapped_column(Text)
    list_priced_at: Mapped[datetime | None] = mapped_column(instant())
    called_at: Mapped[datetime | None] = mapped_column(instant())
    recorded_at: Mapped[datetime] = mapped_column(instant())
