"""What a call of a language model costs by a list price: each token once, cached and reasoning ones too.

Pure and exact. A price is for a million tokens; above a number of input tokens a list may have another. Cache reads and
writes are among the input tokens, reasoning among the output tokens (OpenTelemetry semantic conventions for generative
AI, gen_ai.usage.*), so they are taken out before the rest is priced.
Called by the service of costs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import reduce
from typing import Final, Literal
from uuid import UUID

from app.kernel.money import EXACT, quantize_entry

Match = Literal["equals", "starts_with"]
MATCHES: Final[tuple[Match, ...]] = ("equals", "starts_with")

_MILLION: Final = Decimal(1_000_000)
# OpenTelemetry's well-known names of providers, and those of the two lists, where they differ.
_ALIASES: Final = {
    "aws": "bedrock",
    "aws.bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "azure.ai.openai": "azure",
    "azure.ai.inference": "azure_ai",
    "gcp.gemini": "gemini",
    "google": "gemini",
    "gcp.vertex_ai": "vertex_ai",
    "mistral_ai": "mistral",
    "x_ai": "xai",
    "x-ai": "xai",
}


@dataclass(frozen=True, slots=True)
class Tier:
    """Prices of a million tokens for calls with more than `above` input tokens; None is not in the list."""

    above: int
    input: Decimal | None
    output: Decimal | None
    cached_input: Decimal | None = None
    cache_write: Decimal | None = None
    reasoning: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ListPrice:
    """What a list says of a model. `provider` None is any; tiers come in order of `above`, the first from 0."""

    id: UUID
    provider: str | None
    model: str
    match: Match
    currency: str
    tiers: tuple[Tier, ...]
    valid_from: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a call took; None is not known. Cached and written ones are among the input, reasoning among the output."""

    input: int | None
    output: int | None
    cached_input: int | None = None
    cache_write: int | None = None
    reasoning: int | None = None


def list_cost(tokens: Tokens, tiers: Sequence[Tier]) -> Decimal | None:
    """Return what a call costs by a list, to six places, or None when the list or the call lacks a number for it."""
    if tokens.input is None and tokens.output is None:
        return None
    read, wrote, thought = (n or 0 for n in (tokens.cached_input, tokens.cache_write, tokens.reasoning))
    given, said = tokens.input or 0, tokens.output or 0
    tier = next(one for one in reversed(tiers) if given > one.above or one.above == 0)
    parts = [
        # More may be said to be cached than there was; what is left is then nothing, not less.
        (max(0, given - read - wrote), tier.input),
        (read, _or(tier.cached_input, tier.input)),
        (wrote, _or(tier.cache_write, tier.input)),
        (max(0, said - thought), tier.output),
        (thought, _or(tier.reasoning, tier.output)),
    ]
    if any(number and price is None for number, price in parts):
        return None
    sums = [EXACT.multiply(Decimal(number), price) for number, price in parts if price is not None]
    return quantize_entry(EXACT.divide(reduce(EXACT.add, sums, Decimal(0)), _MILLION))


def _or(price: Decimal | None, other: Decimal | None) -> Decimal | None:
    return other if price is None else price


def price_of(
    prices: Iterable[ListPrice], *, provider: str | None, model: str, at: datetime, known_at: datetime
) -> ListPrice | None:
    """Return the price that holds for a model at `at`, as far as it was known at `known_at`, or None.

    The model's own name comes before how it begins, a longer beginning before a shorter; then the one that began last,
    then the one recorded last. Providers have prices of their own. Who names none is answered only where all
    providers of the model have the same.
    """
    best: dict[str | None, ListPrice] = {}
    for one in prices:
        known = one.recorded_at <= known_at and one.valid_from <= at
        named = one.model == model if one.match == "equals" else model.startswith(one.model)
        whose = canonical(one.provider)
        if known and named and (whose not in best or _closeness(one) > _closeness(best[whose])):
            best[whose] = one
    if provider is not None:
        return best.get(canonical(provider)) or best.get(None)
    different = {one.tiers for one in best.values()}
    return next(iter(best.values())) if len(different) == 1 else None


def canonical(provider: str | None) -> str | None:
    """Return the one name of a provider that lists and programs call differently."""
    name = None if provider is None else provider.strip().lower()
    return _ALIASES.get(name, name) if name is not None else None


def _closeness(one: ListPrice) -> tuple[bool, int, datetime, datetime, UUID]:
    return one.match == "equals", len(one.model), one.valid_from, one.recorded_at, one.id
