"""Lists of prices as LiteLLM and genai-prices publish them: read exactly; what is no price by the token is left out."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.costs.rules.llm_prices import Tier
from app.costs.rules.price_lists import Listed, UnreadableList, read_price_list

# In the shape of the published files; the numbers are made up.
LITELLM = """{
  "sample_spec": {"input_cost_per_token": 0.0, "mode": "one of: chat"},
  "gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 6e-08, "output_cost_per_token": 1.25e-06,
            "cache_read_input_token_cost": 3e-08, "output_cost_per_reasoning_token": 2.5e-06},
  "azure/gpt-x": {"litellm_provider": "azure", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
                  "input_cost_per_token_above_200k_tokens": 3e-06},
  "painter": {"litellm_provider": "openai", "output_cost_per_image": 0.04},
  "broken": {"litellm_provider": "openai", "input_cost_per_token": "free"}
}"""
GENAI = """[{"id": "anthropic", "models": [
  {"id": "claude-x", "match": {"or": [{"starts_with": "claude-x"}, {"contains": "x-claude"}]},
   "prices": [{"prices": {"input_mtok": {"base": 3, "tiers": [{"start": 200000, "price": 6}]}, "output_mtok": 15}},
              {"constraint": {"start_date": "2026-03-13"}, "prices": {"input_mtok": 3, "output_mtok": 15}},
              {"constraint": {"start_time": "16:30:00Z", "end_time": "00:30:00Z"}, "prices": {"input_mtok": 1}}]},
  {"id": "seer", "match": {"regex": "^seer"}, "prices": {"requests_kcount": 5}}]}]"""


def test_a_map_of_litellm_is_read_to_the_last_digit() -> None:
    found = read_price_list(LITELLM)
    openai = Tier(0, Decimal("0.06"), Decimal("1.25"), Decimal("0.03"), None, Decimal("2.5"))
    azure = (Tier(0, Decimal(1), Decimal(2)), Tier(200_000, Decimal(3), Decimal(2)))
    assert found.prices == (
        Listed("openai", "gpt-x", "equals", (openai,)),
        Listed("azure", "azure/gpt-x", "equals", azure),
        Listed("azure", "gpt-x", "equals", azure),
    )
    assert (found.format, found.left_out) == ("litellm", 2)


def test_a_list_of_genai_prices_is_read_with_its_dates_and_beginnings() -> None:
    found = read_price_list(GENAI)
    tiers = (Tier(0, Decimal(3), Decimal(15)), Tier(200_000, Decimal(6), Decimal(15)))
    since = datetime(2026, 3, 13, tzinfo=UTC)
    assert found.prices == (
        Listed("anthropic", "claude-x", "equals", tiers),
        Listed("anthropic", "claude-x", "starts_with", tiers),
        Listed("anthropic", "claude-x", "equals", tiers[:1], since),
        Listed("anthropic", "claude-x", "starts_with", tiers[:1], since),
    )
    assert (found.format, found.left_out) == ("genai-prices", 1)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "7", "[1]", '{"a": {"b": 1}}', "[" * 100_000])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(UnreadableList):
        read_price_list(text)
