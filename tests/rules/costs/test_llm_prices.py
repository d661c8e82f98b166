"""What a call costs by a list: cached and reasoning tokens once, long calls by their tier, nothing guessed."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.costs.rules.llm_prices import ListPrice, Tier, Tokens, canonical, list_cost, price_of
from tests.rules.costs.test_rates_and_prices import day

PLAIN = Tier(0, Decimal("2.5"), Decimal(10), Decimal("1.25"), Decimal(3), Decimal(20))
LONG = replace(PLAIN, above=200_000, input=Decimal(5), output=Decimal("22.5"))
BARE = Tier(0, Decimal("2.5"), Decimal(10))
GPT = ListPrice(UUID(int=1), "openai", "gpt-4o", "equals", "USD", (BARE,), day(0), day(0))


@pytest.mark.parametrize(
    ("tokens", "tiers", "cost"),
    [
        (Tokens(1_000_000, 1_000_000), (BARE,), "12.500000"),
        # A thousand of the input were cached and a hundred written: the rest is what costs the full price.
        (Tokens(1_500, 0, cached_input=1_000, cache_write=100), (PLAIN,), "0.002550"),
        (Tokens(1_500, 0, cached_input=1_000, cache_write=100), (BARE,), "0.003750"),
        (Tokens(0, 1_000, reasoning=600), (PLAIN,), "0.016000"),
        (Tokens(0, 1_000, reasoning=600), (BARE,), "0.010000"),
        (Tokens(200_000, 0), (PLAIN, LONG), "0.500000"),
        (Tokens(200_001, 0), (PLAIN, LONG), "1.000005"),
        (Tokens(100, None, cached_input=500), (PLAIN,), "0.000625"),
        (Tokens(None, 7), (BARE,), "0.000070"),
        (Tokens(0, 0), (BARE,), "0.000000"),
        (Tokens(None, None), (BARE,), None),
        (Tokens(1, 1), (Tier(0, Decimal(1), None),), None),
        (Tokens(1_000_000, 0), (Tier(0, Decimal(1), None),), "1.000000"),
        (Tokens(1, None), (Tier(0, Decimal("0.5"), None),), "0.000000"),
        (Tokens(3, None), (Tier(0, Decimal("0.5"), None),), "0.000002"),
    ],
)
def test_each_token_is_paid_once(tokens: Tokens, tiers: tuple[Tier, ...], cost: str | None) -> None:
    found = list_cost(tokens, tiers)
    assert (None if found is None else str(found)) == cost


COUNTS = st.integers(0, 10**9)


@given(COUNTS, COUNTS, st.integers(0, 100), st.integers(0, 100))
def test_caching_never_costs_more_than_without_where_it_is_cheaper(
    given_: int, said: int, read: int, wrote: int
) -> None:
    cheap = replace(PLAIN, cache_write=Decimal("2.5"), reasoning=None)
    cached = given_ * read // 200, given_ * wrote // 200
    plain = list_cost(Tokens(given_, said), (cheap,))
    with_cache = list_cost(Tokens(given_, said, *cached), (cheap,))
    assert plain is not None
    assert with_cache is not None
    assert with_cache <= plain


def find(*prices: ListPrice, provider: str | None = "openai", model: str = "gpt-4o", at: int = 5) -> ListPrice | None:
    return price_of(prices, provider=provider, model=model, at=day(at), known_at=day(9))


def test_a_name_of_its_own_beats_a_beginning_and_a_longer_beginning_a_shorter() -> None:
    short = replace(GPT, id=UUID(int=2), model="gpt-", match="starts_with")
    longer = replace(short, id=UUID(int=3), model="gpt-4o-")
    assert find(short, GPT, longer) == GPT
    assert find(short, GPT, longer, model="gpt-4o-2024-08-06") == longer
    assert find(GPT, model="gpt-4o-2024-08-06") is None


def test_prices_begin_and_are_known_at_their_time() -> None:
    dearer = replace(GPT, id=UUID(int=2), valid_from=day(4), recorded_at=day(4))
    late = replace(GPT, id=UUID(int=3), valid_from=day(1), recorded_at=day(10))
    assert find(dearer, GPT, late, at=3) == GPT
    assert find(dearer, GPT, late, at=4) == dearer
    assert find(dearer, at=3) is None


def test_a_provider_has_its_own_prices_by_whichever_name() -> None:
    azure = replace(GPT, id=UUID(int=2), provider="azure", tiers=(LONG,))
    assert find(azure, GPT) == GPT
    assert find(azure, GPT, provider="azure.ai.openai") == azure
    assert find(azure, GPT, provider="somebody") is None
    assert {canonical(name) for name in ("aws", "AWS.Bedrock", "bedrock")} == {"bedrock"}


def test_without_a_provider_there_is_a_price_only_where_all_agree() -> None:
    same, other = (
        replace(GPT, id=UUID(int=n), provider="azure", tiers=tiers) for n, tiers in ((2, (BARE,)), (3, (LONG,)))
    )
    assert find(GPT, same, provider=None) in {GPT, same}
    assert find(GPT, other, provider=None) is None
