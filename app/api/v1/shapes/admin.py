"""Shapes of what an admin keeps: task types, policies, rate cards, endpoints, people and keys."""

from typing import Annotated, Any, Literal

from pydantic import Field

from app.api.v1.shapes.parts import (
    Amount,
    Anything,
    Day,
    DurationMs,
    EscalationStep,
    Factor,
    Instant,
    Name,
    PageQuery,
    Shape,
    Text,
)
from app.delivery.service.endpoints import TYPES
from app.queue.rules.escalation import MAX_STEPS
from app.submissions.rules.task_type import HIGH_RISK_CHECKS, TYPED, USUAL_CAP_SECONDS

Price = Annotated[Amount, Field(ge=0, le=1_000_000)]


class TaskTypeIn(Shape):
    """A kind of output. Posting a known name makes its next version."""

    name: Name
    output_schema: dict[str, Any] = Field(default_factory=dict)
    guidelines: Text = ""
    reason_codes: list[Name] = Field(default_factory=list, max_length=100)
    sla: DurationMs = 86_400_000
    on_timeout: str = Field("escalate", pattern="^(reject|use_output|expire|escalate)$")
    on_last_timeout: str = Field("stay", pattern="^(stay|reject|use_output|expire)$")
    escalation: list[EscalationStep] = Field(default_factory=list, max_length=MAX_STEPS)
    approvals_required: int = Field(1, ge=1, le=10)
    rejections_required: int = Field(1, ge=1, le=10)
    double_review_rate: float = Field(0, ge=0, le=1)
    max_reviewers: int = Field(3, ge=2, le=10)
    unskippable: bool = False
    high_risk_check: str = Field(TYPED, pattern=f"^({'|'.join(HIGH_RISK_CHECKS)})$")
    queue: Name = "default"
    undo_seconds: int = Field(10, ge=0, le=86_400)
    claim_seconds: int = Field(900, ge=5, le=86_400)
    cap_seconds: int = Field(USUAL_CAP_SECONDS, ge=30, le=300)
    grant_seconds: int = Field(604_800, ge=60, le=2_592_000)


class PolicyIn(Anything):
    """Rules of a task type: thresholds, required fields, high-risk actions, audit rate, CEL rules, tests."""

    task_type: Name


class RateCardIn(Shape):
    """What an hour, a minute or an item of a reviewer costs: base x burden, + overhead per hour.

    For one person, one role or one vendor's people; without any of them for all who have no closer one.
    """

    person: Name | None = None
    role: Name | None = None
    vendor: Name | None = None
    currency: str = Field(pattern="^[A-Z]{3}$")
    unit: Literal["hour", "minute", "item"] = "hour"
    base: Amount
    burden: Amount = Field(default="1", validate_default=True)
    overhead: Amount = Field(default="0", validate_default=True)
    valid_from: Instant
    valid_to: Instant | None = None


class ExchangeRatesIn(Shape):
    """What one of `base` bought of other currencies on a day, and who says so."""

    base: str = Field(pattern="^[A-Z]{3}$")
    rates: dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Factor] = Field(min_length=1, max_length=200)
    date: Day
    source: Name


class TierIn(Shape):
    """Prices of a million tokens, for calls with more input tokens than `above`."""

    above: Annotated[int, Field(ge=0, le=10**9)] = 0
    input: Price | None = None
    output: Price | None = None
    cached_input: Price | None = None
    cache_write: Price | None = None
    reasoning: Price | None = None


class LlmPriceIn(Shape):
    """What a list says that a model costs from an instant on. Without a provider it is any one's."""

    provider: Name | None = None
    model: Name
    match: Literal["equals", "starts_with"] = "equals"
    currency: str = Field("USD", pattern="^[A-Z]{3}$")
    tiers: list[TierIn] = Field(min_length=1, max_length=5)
    valid_from: Instant
    source: Name


class LlmPricesQuery(PageQuery):
    """Which list prices."""

    model: Name | None = None


class EndpointIn(Shape):
    """An address that decisions are sent to."""

    url: Annotated[str, Field(max_length=2_000)]
    types: list[Name] = Field(default_factory=lambda: list(TYPES), max_length=10)


class EndpointChange(Shape):
    """What is to be different about an endpoint; what is left out stays."""

    url: Annotated[str, Field(max_length=2_000)] | None = None
    types: list[Name] | None = Field(None, max_length=10)
    enabled: bool | None = None


class DeliveriesQuery(PageQuery):
    """What a list of deliveries is narrowed to."""

    endpoint: Name | None = None
    submission: Name | None = None
    state: str | None = Field(None, pattern="^(due|delivered|parked|withdrawn)$")


class RotateIn(Shape):
    """How long the old secret signs too."""

    overlap_seconds: Annotated[int, Field(ge=0, le=30 * 86_400)] = 86_400


class ReplayIn(Shape):
    """Which parked deliveries to send again, by when they became due; until now if the end is left out."""

    since: Instant
    until: Instant | None = None


class PersonIn(Shape):
    """Somebody who reviews, leads, pays, audits or administers. No queues means every queue."""

    email: Annotated[str, Field(max_length=254)]
    name: Name | None = None
    roles: list[Name] = Field(min_length=1, max_length=10)
    skills: list[Name] = Field(default_factory=list, max_length=100)
    queues: list[Name] = Field(default_factory=list, max_length=100)
    vendor: Name | None = None


class KeyIn(Shape):
    """A program's key. `person` is whom review calls act for."""

    name: Name = "key"
    scopes: list[Name] = Field(min_length=1, max_length=10)
    person: Name | None = None
    expires_at: Instant | None = None
