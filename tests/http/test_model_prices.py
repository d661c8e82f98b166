"""List prices of models over the API and the command line, and what models cost beside review on the page."""

import json
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from app.cli import main
from tests.conftest import SECRET
from tests.factories.site import Site
from tests.http.test_rates import costs
from tests.http.test_setup_pages import Browser

SINCE = "2026-01-01T00:00:00Z"
GPT: dict[str, Any] = {"provider": "openai", "model": "gpt-x", "source": "the vendor's page", "valid_from": SINCE}
TIERS = [{"input": "2.5", "output": "10"}, {"above": 200_000, "input": "5", "output": "20"}]
CALL = {"provider": "openai", "model": "gpt-x", "input_tokens": 100_000, "output_tokens": 10_000}
SPAN = {
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.usage.input_tokens": 400_000,
    "gen_ai.usage.output_tokens": 10_000,
    "server.address": "example.org",
}


def test_calls_are_priced_and_stand_beside_review_on_page_and_report(site: Site) -> None:
    site.define_addresses()
    assert site.call("POST", "/llm-prices", {**GPT, "tiers": TIERS}).body == {"added": 1, "known": 0}
    sent = site.submit(
        confidence=1.0, field_confidence={"/city": 1.0}, llm_calls=[CALL, SPAN, {**CALL, "model": "unheard-of"}]
    )
    assert sent.status == 201, sent.body
    told = site.call("GET", f"/submissions/{sent.body['id']}", key="read").body["llm_calls"]
    assert [call["list_cost"] for call in told] == [
        {"amount": "0.350000", "currency": "USD"},
        {"amount": "2.200000", "currency": "USD"},
        None,
    ]
    total = costs(site)["total"]
    assert (total["llm_cost"], total["currency"], total["accepted"], total["llm_unpriced_calls"]) == (
        "2.55",
        "USD",
        1,
        1,
    )
    assert costs(site)["parts"] == [{"part": "llm", "currency": "USD", "cost": "2.55"}]
    site.add_person("fin", ["finance"])
    page = unescape(Browser(site, "fin").get("/reports/costs").text)
    assert ("2.55 USD" in page, "For each of 1 accepted output, 2.5500 USD" in page, "1 unpriced" in page) == (
        True,
    ) * 3


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"tiers": []}, "/tiers"),
        ({"tiers": [{"above": 5, "input": "1"}]}, "/tiers"),
        ({"tiers": [{"input": "-1"}]}, "/tiers/0/input"),
        ({"tiers": [{}]}, "/tiers"),
        ({"currency": "XXX"}, "/currency"),
        ({"match": "regex"}, "/match"),
    ],
)
def test_a_price_that_makes_no_sense_is_refused(site: Site, change: dict[str, Any], pointer: str) -> None:
    answer = site.call("POST", "/llm-prices", {**GPT, "tiers": TIERS, **change})
    assert (answer.status, [fault["pointer"] for fault in answer.body["errors"]]) == (422, [pointer])


def test_prices_are_listed_and_the_same_again_is_known(site: Site) -> None:
    for model in ("gpt-x", "gpt-y"):
        site.call("POST", "/llm-prices", {**GPT, "model": model, "tiers": TIERS})
    assert site.call("POST", "/llm-prices", {**GPT, "tiers": TIERS}).body == {"added": 0, "known": 1}
    anybodys = {**GPT, "provider": None, "model": "gpt-y", "tiers": [{"reasoning": "1", "cached_input": "1"}]}
    written = {**anybodys, "tiers": [{"cache_write": "1"}, {"above": 9, "output": "1"}]}
    assert [site.call("POST", "/llm-prices", one).body["added"] for one in (anybodys, written)] == [1, 1]
    assert {one["provider"] for one in site.call("GET", "/llm-prices").body["data"]} == {"openai", None}
    first = site.call("GET", "/llm-prices?limit=3").body
    rest = site.call("GET", f"/llm-prices?limit=3&cursor={first['next_cursor']}").body
    assert {one["model"] for page in (first, rest) for one in page["data"]} == {"gpt-x", "gpt-y"}
    (one,) = site.call("GET", "/llm-prices?model=gpt-x").body["data"]
    assert one["tiers"][1] == {"above": 200_000, "input": "5", "output": "20"}


@pytest.mark.parametrize("key", ["gen_ai.usage.input_tokens", "input_tokens"])
def test_a_span_that_lies_is_refused_like_any_call(site: Site, key: str) -> None:
    site.define_addresses()
    answer = site.submit(llm_calls=[{**SPAN, key: -1}])
    assert (answer.status, answer.body["errors"][0]["pointer"]) == (422, "/llm_calls/0/input_tokens")


def test_a_list_is_taken_in_by_the_command_and_prices_what_had_none(
    site: Site, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SECRET_KEY", SECRET)

    def take_in(*asked: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ["prices", "import", str(file), "--workspace", site.name, *asked])
        return done.exit_code, done.output

    site.define_addresses()
    site.submit(llm_calls=[CALL])
    listed = {"gpt-x": {"litellm_provider": "openai", "input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05}}
    file = tmp_path / "prices.json"
    file.write_text(json.dumps(listed))
    code, said = take_in()
    assert (code, "1 new prices of 1" in said) == (0, True), said
    assert "1 calls that had none have a list price now." in said
    assert "0 new prices of 1" in take_in("--since", "2026-01-01")[1]
    file.write_text("[]")
    assert take_in()[0] == 1
    assert costs(site)["total"]["llm_cost"] == "0.35"
