"""Tables of delivery.

A delivery row is written in the transaction of the decision it carries; its id is the webhook id on every try, its
sealed body the same bytes on every try. Attempts are kept. An endpoint's health is kept with it, so that every worker
of an installation knows it.
Read and written by app/delivery; reports read them.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, Integer, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from app.delivery.rules.health import Health
from app.kernel.db import Base, instant


class Endpoint(Base):
    """An address that an admin registered; submissions name it by id."""

    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"), index=True)
    url: Mapped[str] = mapped_column(Text)
    types: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[bytes] = mapped_column(LargeBinary, comment="sealed signing secret")
    created_at: Mapped[datetime] = mapped_column(instant())
    disabled_at: Mapped[datetime | None] = mapped_column(instant())
    disabled_why: Mapped[str | None] = mapped_column(Text)
    old_secret: Mapped[bytes | None] = mapped_column(LargeBinary, comment="sealed; signs too until it ends")
    old_secret_until: Mapped[datetime | None] = mapped_column(instant())
    failures: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="tries failed in a row")
    failing_since: Mapped[datetime | None] = mapped_column(instant(), comment="the first of those failures")
    rests: Mapped[int] = mapped_column(Integer, server_default=text("0"), comment="rests since it last answered well")
    resting_until: Mapped[datetime | None] = mapped_column(instant(), comment="nothing is sent before")

    @property
    def health(self) -> Health:
        """Return how it has answered lately."""
        return Health(self.failures, self.failing_since, self.rests, self.resting_until)

    @health.setter
    def health(self, health: Health) -> None:
        self.failures, self.failing_since = health.failures, health.failing_since
        self.rests, self.resting_until = health.rests, health.resting_until


class Delivery(Base):
    """One decision to be handed to one endpoint."""

    __tablename__ = "deliveries"
    __table_args__ = (
        CheckConstraint("state IN ('due', 'delivered', 'parked', 'withdrawn')", name="state"),
        Index("ix_deliveries_due", "next_attempt_at", postgresql_where=text("state = 'due'")),
        Index("ix_deliveries_submission", "submission_id", "id"),
        Index("ix_deliveries_workspace", "workspace_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("endpoints.id"), index=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"))
    decision_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("decisions.id"), index=True, comment="none when time ended a submission undecided"
    )
    type: Mapped[str] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary, comment="the bytes to send, sealed with the submission's data key")
    state: Mapped[str] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    due_at: Mapped[datetime] = mapped_column(instant(), comment="when the decision becomes final")
    next_attempt_at: Mapped[datetime] = mapped_column(instant())
    leased_until: Mapped[datetime | None] = mapped_column(instant(), comment="a worker is sending it until then")
    delivered_at: Mapped[datetime | None] = mapped_column(instant())


class DeliveryAttempt(Base):
    """One try: what the endpoint answered, or why there was no answer."""

    __tablename__ = "delivery_attempts"

    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"), index=True)
    attempt: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(instant())
    duration_ms: Mapped[int] = mapped_column(Integer)
    status_code: Mapped[int | None] = mapped_column(Integer)
    problem: Mapped[str | None] = mapped_column(Text)
