"""Read published lists of prices of language models: LiteLLM's map, and genai-prices.

Pure. Numbers are read as they are written, never as floats. What a list cannot say here, such as a price for each
picture, is left out and counted, never guessed. Called by the command that takes a list in.

Formats: https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json and
https://github.com/pydantic/genai-prices/blob/main/prices/data.json, as published in November 2026.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from app.costs.rules.llm_prices import Match, Tier
from app.kernel.errors import Invalid

_MILLION: Final = Decimal(1_000_000)
_LONGEST_NAME: Final = 200
# The names of prices in the one list and in the other, for one token and for a million.
_LITELLM: Final = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cached_input": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "reasoning": "output_cost_per_reasoning_token",
}
_GENAI: Final = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cached_input": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
_ABOVE: Final = re.compile(r"_above_(\d{1,6})k_tokens$")


class UnreadableList(Invalid):
    """This is no list of prices as LiteLLM or genai-prices publish it."""


@dataclass(frozen=True)
class Listed:
    """What a list says of a model. `valid_from` None: it does not say since when."""

    provider: str | None
    model: str
    match: Match
    tiers: tuple[Tier, ...]
    valid_from: datetime | None = None


@dataclass(frozen=True)
class PriceList:
    """A list as read: its format, its prices in dollars, and how many of its models have none by the token."""

    format: str
    prices: tuple[Listed, ...]
    left_out: int


def read_price_list(text: str) -> PriceList:
    """Return what a published list says; which of the two formats it has shows by itself.

    Raises:
        UnreadableList: it is neither.
    """
    try:
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except (ValueError, RecursionError) as error:
        raise UnreadableList(f"This is no JSON: {error}") from error
    if isinstance(document, dict):
        models = {name: one for name, one in document.items() if name != "sample_spec" and isinstance(one, dict)}
        return _list("litellm", [list(_of_litellm(name, one)) for name, one in models.items()])
    if isinstance(document, list) and all(isinstance(one, dict) for one in document):
        pairs = [(provider, one) for provider in document for one in provider.get("models") or ()]
        return _list("genai-prices", [list(_of_genai(provider, one)) for provider, one in pairs])
    raise UnreadableList


def _list(format_: str, by_model: list[list[Listed]]) -> PriceList:
    prices = tuple(one for listed in by_model for one in listed if len(one.model) <= _LONGEST_NAME)
    if not prices:
        raise UnreadableList
    return PriceList(format_, prices, sum(not listed for listed in by_model))


def _of_litellm(name: str, model: Mapping[str, Any]) -> Iterator[Listed]:
    """Yield the price of one model under its name, and under its name without the provider's before it."""
    plain = _tier(model, _LITELLM, 0, scale=_MILLION)
    if plain is None:
        return
    above = sorted({int(m[1]) * 1_000 for key in model if (m := _ABOVE.search(key))})
    long = (
        _tier(
            model,
            {ours: f"{theirs}_above_{tokens // 1_000}k_tokens" for ours, theirs in _LITELLM.items()},
            tokens,
            scale=_MILLION,
            before=plain,
        )
        for tokens in above
    )
    tiers = (plain, *(tier for tier in long if tier is not None))
    provider = model.get("litellm_provider")
    provider = provider if isinstance(provider, str) else None
    yield Listed(provider, name, "equals", tiers)
    front, _, rest = name.partition("/")
    if rest and front == provider:
        yield Listed(provider, rest, "equals", tiers)


def _of_genai(provider: Mapping[str, Any], model: Mapping[str, Any]) -> Iterator[Listed]:
    """Yield the prices of one model for each of its names and beginnings, and from each of its dates."""
    dated = model.get("prices")
    for one in dated if isinstance(dated, list) else [{"prices": dated}]:
        prices, start = one.get("prices") or {}, (one.get("constraint") or {}).get("start_date")
        tiers = _genai_tiers(prices)
        if not tiers or ("constraint" in one and start is None):
            # Prices by the hour of the day have no date.
            continue
        since = None if start is None else datetime.fromisoformat(start).replace(tzinfo=UTC)
        for match, name in _names(model):
            yield Listed(str(provider.get("id")), name, match, tiers, since)


def _names(model: Mapping[str, Any]) -> list[tuple[Match, str]]:
    """Return how a model is named: by clauses that a name equals or begins with; others leave its own id."""
    names: list[tuple[Match, str]] = [("equals", str(model.get("id")))]
    clause = model.get("match") or {}
    for one in clause.get("or", [clause]):
        for match in ("equals", "starts_with"):
            if isinstance(one.get(match), str):
                names.append((match, one[match]))
    return list(dict.fromkeys(names))


def _genai_tiers(prices: Mapping[str, Any]) -> tuple[Tier, ...]:
    starts = {
        int(tier["start"]) for value in prices.values() if isinstance(value, dict) for tier in value.get("tiers", ())
    }

    def at(start: int) -> dict[str, Any]:
        return {name: _of_tier(value, start) for name, value in prices.items()}

    found = [_tier(at(start), _GENAI, start, scale=Decimal(1)) for start in sorted({0, *starts})]
    return tuple(tier for tier in found if tier is not None)


def _of_tier(value: Any, start: int) -> Any:
    """Return a price as it is from a number of input tokens on."""
    if not isinstance(value, dict):
        return value
    reached = [tier for tier in value.get("tiers", ()) if int(tier["start"]) <= start]
    return max(reached, key=lambda tier: tier["start"])["price"] if reached else value.get("base")


def _tier(
    model: Mapping[str, Any], names: Mapping[str, str], above: int, *, scale: Decimal, before: Tier | None = None
) -> Tier | None:
    """Return the prices that a model has under these names, or None when it has none by the token."""
    found = {ours: _amount(model.get(theirs), scale) for ours, theirs in names.items()}
    if all(price is None for price in found.values()):
        return None
    if before is not None:
        # What a list does not say of long calls is as for short ones.
        found = {ours: getattr(before, ours) if price is None else price for ours, price in found.items()}
    return Tier(above, **found)


def _amount(value: Any, scale: Decimal) -> Decimal | None:
    """Return a price of a million tokens to six places, or None when this is none."""
    if not isinstance(value, Decimal) or not value.is_finite() or value < 0:
        return None
    return (value * scale).quantize(Decimal("0.000001"))
