"""Rates and exchange rates over the API and at the page: what they price, who keeps them, what is refused."""

from html import unescape
from typing import Any

import pytest

from app.kernel.ids import show
from tests.factories.site import Site
from tests.http.test_setup_pages import Browser

SINCE = "2026-01-01T00:00:00Z"
CARD = {"whom": "", "currency": "EUR", "unit": "hour", "base": "30", "burden": "1.46", "overhead": "0"}
FROM = {"valid_from": "2026-01-01", "valid_to": ""}


@pytest.fixture
def fin(site: Site) -> Browser:
    """Whoever keeps the rates."""
    site.define_addresses()
    site.add_person("fin", ["finance"])
    return Browser(site, "fin")


def judge(site: Site, who: str = "ada") -> None:
    site.submit()
    taken = site.call("POST", "/claims", {}, key=who).body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    path = f"/claims/{taken['claim']['id']}/decision"
    assert site.call("POST", path, {**proof, "verb": "approve"}, key=who).status == 200


def costs(site: Site, **asked: str) -> Any:
    words = "&".join(f"{name}={value}" for name, value in asked.items())
    return site.call("GET", f"/reports/costs?{words}", key="reports").body


def test_a_rate_by_the_item_for_a_vendor_prices_its_peoples_verdicts(site: Site) -> None:
    site.define_addresses()
    bob = show("person", site.add_person("bob", ["reviewer"]))
    changed = site.call("PATCH", f"/people/{bob}", {"vendor": "Acme"})
    assert (changed.status, changed.body["vendor"]) == (200, "Acme")
    card = {"vendor": "Acme", "unit": "item", "currency": "USD", "base": "0.60", "valid_from": SINCE}
    made = site.call("POST", "/rate-cards", card)
    assert (made.status, made.body["vendor"], made.body["unit"], made.body["role"]) == (201, "Acme", "item", None)
    judge(site, "bob")
    (row,) = costs(site, group_by="person")["rows"]
    assert (row["cost"], row["currency"], row["decisions"], row["unpriced_seconds"]) == ("0.60", "USD", 1, "0.000")

    assert costs(site, currency="EUR")["exchange_rates"][0]["rate"] is None
    ecb = {"base": "EUR", "date": "2026-03-06", "source": "ECB", "rates": {"USD": "1.2", "CHF": "0.9301234567"}}
    kept = site.call("POST", "/exchange-rates", ecb)
    assert (kept.status, [(one["to"], one["rate"]) for one in kept.body["data"]]) == (
        201,
        [("CHF", "0.9301234567"), ("USD", "1.2")],
    )
    told = costs(site, currency="EUR")
    assert (told["total"]["cost"], told["total"]["currency"]) == ("0.50", "EUR")
    (used,) = told["exchange_rates"]
    assert (used["from"], used["to"], used["rate"], used["inverse"], used["date"]) == (
        "USD",
        "EUR",
        "1.2",
        True,
        "2026-03-06",
    )
    first = site.call("GET", "/exchange-rates?limit=1").body
    rest = site.call("GET", f"/exchange-rates?limit=1&cursor={first['next_cursor']}").body
    assert {one["to"] for page in (first, rest) for one in page["data"]} == {"CHF", "USD"}
    assert rest["has_more"] is False


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        ("/rate-cards", {"currency": "EUR", "base": "1", "valid_from": SINCE, "unit": "day"}, "/unit"),
        ("/rate-cards", {"currency": "EUR", "base": "1", "valid_from": SINCE, "role": "boss"}, "/role"),
        (
            "/rate-cards",
            {"currency": "EUR", "base": "1", "valid_from": SINCE, "role": "lead", "vendor": "A"},
            "/person",
        ),
        ("/exchange-rates", {"base": "EUR", "date": "2026-02-30", "source": "x", "rates": {"USD": "1"}}, "/date"),
        ("/exchange-rates", {"base": "EUR", "date": "2026-03-06", "source": "x", "rates": {"USD": "-1"}}, "/rates/USD"),
        ("/exchange-rates", {"base": "EUR", "date": "2026-03-06", "source": "x", "rates": {}}, "/rates"),
        ("/exchange-rates", {"base": "EUR", "date": "2026-03-06", "source": "x", "rates": {"EUR": "1"}}, "/rates/EUR"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(site: Site, path: str, body: Any, pointer: str) -> None:
    answer = site.call("POST", path, body)
    assert (answer.status, [fault["pointer"] for fault in answer.body["errors"]]) == (422, [pointer])


def test_a_report_in_no_known_currency_is_refused(site: Site) -> None:
    assert site.call("GET", "/reports/costs?currency=XXX", key="reports").status == 422


def test_unpriced_time_is_loud_until_a_rate_prices_what_comes(site: Site, fin: Browser) -> None:
    judge(site)
    page = fin.get("/admin/rates").text
    assert ("Unpriced time" in page, "all time that is counted is unpriced" in page) == (True, True)
    assert "Whose it is, and rates" in fin.get("/reports/costs").text
    ada = show("person", site.people["ada"])
    assert fin.post("/admin/rates", **{**CARD, **FROM, "whom": ada}).status_code == 303
    page = unescape(fin.get("/admin/rates").text)
    assert ("43.80" in page, "● holds" in page) == (True, True)


@pytest.mark.parametrize("whom", ["role:lead", "vendor:Acme <b>", ""])
def test_a_rate_is_for_whom_it_says(site: Site, fin: Browser, whom: str) -> None:
    assert fin.post("/admin/rates", **{**CARD, **FROM, "whom": whom}).status_code == 303
    (card,) = site.call("GET", "/rate-cards").body["data"]
    kind, _, name = whom.partition(":")
    assert (card["role"], card["vendor"]) == (name if kind == "role" else None, name if kind == "vendor" else None)
    assert "Acme <b>" not in fin.get("/admin/rates").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": "12,5"}, "Give an amount such as 30 or 30.25."),
        ({"currency": "EURO"}, "is not a currency of ISO 4217"),
        ({"valid_from": "soon"}, "Give a day such as 2026-01-31."),
        ({"valid_to": "2025-01-01"}, "must be later than valid_from"),
        ({"unit": "day"}, "Choose one of the list."),
        ({"whom": "role:boss"}, "takes one of reviewer"),
    ],
)
def test_a_rate_that_cannot_be_read_comes_back_with_why(
    site: Site, fin: Browser, change: dict[str, str], said: str
) -> None:
    answer = fin.post("/admin/rates", **{**CARD, **FROM, **change})
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)
    assert site.call("GET", "/rate-cards").body["data"] == []


def test_somebody_elses_person_gets_no_rate_here(site: Site, fin: Browser) -> None:
    assert fin.post("/admin/rates", **{**CARD, **FROM, "whom": show("person", site.workspace_id)}).status_code == 404


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({}, 303, ""),
        ({"rates": "USD"}, 422, "'USD' is no line such as USD 1.0832."),
        ({"rates": ""}, 422, "Give at least one line"),
        ({"date": "2026-13-01"}, 422, "Give a day such as 2026-01-31."),
        ({"exchange_base": "XXX"}, 422, "is not a currency of ISO 4217"),
    ],
)
def test_rates_of_exchange_are_typed_one_a_line(fin: Browser, change: dict[str, str], status: int, said: str) -> None:
    typed = {"exchange_base": "eur", "date": "2026-03-06", "source": "ECB", "rates": "usd 1.0832\nCHF=0.93", **change}
    answer = fin.post("/admin/rates/exchange", **typed)
    assert (answer.status_code, said in unescape(answer.text)) == (status, True)
    if status == 303:
        assert "1 EUR = 1.0832 USD" in unescape(fin.get("/admin/rates").text)


def test_only_whoever_keeps_rates_sees_them(site: Site, fin: Browser) -> None:
    for role, status in (("reviewer", 403), ("lead", 403), ("auditor", 403), ("admin", 200)):
        site.add_person(role, [role])
        assert Browser(site, role).get("/admin/rates").status_code == status


def test_a_lead_changes_no_vendor(site: Site) -> None:
    site.add_person("lea", ["lead"])
    ada = show("person", site.people["ada"])
    lead, admin = Browser(site, "lea"), None
    assert lead.post(f"/admin/people/{ada}", vendor="Mine").status_code == 303
    assert site.call("GET", f"/people/{ada}").body["vendor"] is None
    site.add_person("adam", ["admin"])
    admin = Browser(site, "adam")
    assert admin.post(f"/admin/people/{ada}", roles=["reviewer"], vendor="Acme").status_code == 303
    assert site.call("GET", f"/people/{ada}").body["vendor"] == "Acme"
    assert site.call("PATCH", f"/people/{ada}", {"vendor": None}).body["vendor"] is None
