"""Shapes of what the model did: which one spoke, what its calls took, and what they cost."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.v1.shapes.parts import Amount, Instant, Name, Shape
from app.costs.rules import from_span

MAX_CALLS: Final = 200
Tokens = Annotated[int, Field(ge=0, le=10**12)]
CurrencyCode = Annotated[str, Field(pattern="^[A-Z]{3}$", examples=["EUR"])]
Cents = Annotated[Amount, Field(ge=0)]


class Money(Shape):
    """An amount of money: decimal text, so that no cent is lost, and an ISO 4217 code."""

    amount: Cents
    currency: CurrencyCode


class Cost(Money):
    """What calls cost, and who says so."""

    source: str | None = Field(None, pattern="^(reported|estimated)$")


class Model(Shape):
    """Which model spoke."""

    model_config = ConfigDict(extra="allow", strict=True)

    provider: Name | None = None
    name: Name | None = None
    version: Name | None = None


class Prompt(Shape):
    """Which prompt it was given."""

    model_config = ConfigDict(extra="allow", strict=True)

    id: Name | None = None
    version: Name | None = None
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class Usage(Shape):
    """What the model's calls took, all together."""

    model_config = ConfigDict(extra="allow", strict=True)

    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    calls: Annotated[int, Field(ge=0, le=10**6)] | None = None
    retries: Annotated[int, Field(ge=0, le=10**6)] | None = None
    latency_ms: Annotated[int, Field(ge=0, le=10**9)] | None = None
    cost: Cost | None = None


class LlmCall(Shape):
    """One call of a language model. One with a `response_id` counts once, however often it is reported.

    The attributes of an OpenTelemetry span are taken too, under their own names: `gen_ai.provider.name` and so on.
    """

    @model_validator(mode="before")
    @classmethod
    def _from_span(cls, call: Any) -> Any:
        return from_span(call) if isinstance(call, dict) else call

    provider: Name | None = None
    response_id: Name | None = None
    model: Name | None = None
    purpose: str = Field("generate", pattern="^(generate|retry|fallback|judge|embed)$")
    status: str = Field("ok", pattern="^(ok|error)$")
    attempt: Annotated[int, Field(ge=1, le=1_000)] = 1
    input_tokens: Tokens | None = None
    cached_input_tokens: Tokens | None = None
    cache_write_input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    reasoning_tokens: Tokens | None = None
    latency_ms: Annotated[int, Field(ge=0, le=10**9)] | None = None
    cost: Cost | None = None
    called_at: Instant | None = None


class UsageIn(Shape):
    """Calls of language models that came later: a judge, a repair, a bill that arrived."""

    llm_calls: list[LlmCall] = Field(min_length=1, max_length=MAX_CALLS)


class UsageOut(BaseModel):
    """How many of the calls were new, and how many were known already."""

    added: int
    known: int
