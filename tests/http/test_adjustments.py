"""Adjustments of time at the pages and over the API: asked for by a reviewer, settled by a lead. Closing the books."""

from html import unescape
from typing import Any

import pytest

from app.kernel.ids import show
from tests.factories.site import Site
from tests.http.test_rates import costs, judge
from tests.http.test_setup_pages import Browser

NOTE = "Read <b>it</b> on paper."
ASKED = {"should_be": "12 min", "reason": "not_counted", "note": NOTE}


@pytest.fixture
def claim(site: Site) -> str:
    """A claim of Ada's that is over."""
    site.define_addresses()
    site.call("POST", "/rate-cards", {"currency": "EUR", "base": "60", "valid_from": "2020-01-01T00:00:00Z"})
    site.submit()
    taken = site.call("POST", "/claims", {}, key="ada").body
    claim_id: str = taken["claim"]["id"]
    assert site.call("POST", f"/claims/{claim_id}/release", {}, key="ada").status == 200
    return claim_id


@pytest.fixture
def lead(site: Site) -> Browser:
    """Zoe, who leads and reviews."""
    site.add_person("zoe", ["lead", "reviewer"])
    return Browser(site, "zoe")


def test_a_reviewer_asks_a_lead_grants_and_the_report_follows(site: Site, claim: str, lead: Browser) -> None:
    ada = Browser(site, "ada")
    assert f"/time/claims/{claim}" in ada.get("/time").text
    assert ada.post(f"/time/claims/{claim}", **ASKED).status_code == 303
    again = ada.post(f"/time/claims/{claim}", **ASKED)
    assert (again.status_code, "is asked for already" in unescape(again.text)) == (422, True)
    waits = lead.get("/adjustments").text
    assert ("0:12:00.000 instead of" in waits, NOTE in waits, "Read &lt;b&gt;it" in waits) == (True, False, True)
    (asked,) = site.call("GET", "/adjustments?state=asked", key="zoe").body["data"]
    path = f"/adjustments/{asked['id']}"
    refused = lead.post(path, act="refuse", reply="")
    assert (refused.status_code, "say why" in refused.text) == (422, True)
    assert lead.post(path, act="grant", granted="soon", reply="").status_code == 422
    assert lead.post(path, act="grant", granted="10 min", reply="As agreed.").status_code == 303
    total = costs(site)["total"]
    assert (total["active_seconds"], total["cost"]) == ("600.000", "10.00")
    page = ada.get("/time").text
    assert ("granted by" in page, "As agreed." in page, "0:10:00.000" in page) == (True, True, True)
    assert "As agreed." in lead.get("/adjustments").text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"should_be": "ages"}, "Give a length such as 12 min"),
        ({"should_be": "25 h"}, "takes 0 to 24 hours"),
        ({"reason": ""}, "takes one of"),
        ({"note": ""}, "say what happened"),
    ],
)
def test_what_cannot_be_read_comes_back_with_why(site: Site, claim: str, change: dict[str, str], said: str) -> None:
    answer = Browser(site, "ada").post(f"/time/claims/{claim}", **{**ASKED, **change})
    assert (answer.status_code, said in unescape(answer.text)) == (422, True)


def test_nobody_sees_or_asks_for_somebody_elses_time_or_settles_her_own(site: Site, claim: str, lead: Browser) -> None:
    assert lead.get(f"/time/claims/{claim}").status_code == 404
    assert lead.post(f"/time/claims/{claim}", **ASKED).status_code == 404
    assert Browser(site, "ada").get("/adjustments").status_code == 403
    site.submit()
    mine = site.call("POST", "/claims", {}, key="zoe").body["claim"]["id"]
    site.call("POST", f"/claims/{mine}/release", {}, key="zoe")
    wish = {"claim": mine, "seconds": "3600", "reason": "other", "note": "Much."}
    asked = site.call("POST", "/adjustments", wish, key="zoe").body
    assert "Somebody else has to settle this" in lead.get("/adjustments").text
    assert site.call("POST", f"/adjustments/{asked['id']}/grant", {}, key="zoe").status == 403
    assert lead.post(f"/adjustments/{asked['id']}", act="grant", granted="1 h").status_code == 403
    assert site.call("GET", "/adjustments", key="ada").body["data"] == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({}, 201), ({"seconds": "86401"}, 422), ({"at": "2190-01-01T00:00:00Z"}, 422), ({"note": ""}, 422)],
)
def test_time_outside_of_items_is_booked_over_the_api(
    site: Site, claim: str, lead: Browser, change: dict[str, Any], status: int
) -> None:
    added = {"person": show("person", site.people["ada"]), "at": "2026-03-06T12:00:00Z", "seconds": "90.5", "note": "x"}
    made = site.call("POST", "/adjustments/time", {**added, **change}, key="zoe")
    assert made.status == status
    if status == 201:
        assert (made.body["state"], made.body["granted_seconds"], made.body["claim"]) == ("granted", "90.500", None)
        assert "time outside of items" in lead.get("/adjustments").text
        (row,) = [row for row in costs(site, group_by="task_type")["rows"] if row["group"]["task_type"] is None]
        assert (row["adjusted_seconds"], row["cost"]) == ("90.500", "1.51")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"person": ""}, "Choose whose time it is."),
        ({"day": "2199-01-01"}, "That day is still to come."),
        ({"day": "then"}, "Give a day such as 2026-01-31."),
        ({"length": "x"}, "Give a length such as 12 min"),
        ({"note": ""}, "say what happened"),
    ],
)
def test_time_outside_of_items_is_booked_at_the_page(
    site: Site, claim: str, lead: Browser, change: dict[str, str], said: str
) -> None:
    ada = show("person", site.people["ada"])
    answer = lead.post("/adjustments", **{"person": ada, "day": "2026-03-06", "length": "2 h", "note": "x", **change})
    assert (answer.status_code, said in unescape(answer.text)) == (422 if said else 303, True)


def test_what_had_no_rate_is_priced_from_the_page_of_rates(site: Site) -> None:
    site.define_addresses()
    judge(site)
    site.add_person("fin", ["finance"])
    fin, ada = Browser(site, "fin"), show("person", site.people["ada"])
    refused = fin.post(f"/admin/rates/unpriced/{ada}")
    assert (refused.status_code, "None of her unpriced time has a rate now" in unescape(refused.text)) == (409, True)
    site.call("POST", "/rate-cards", {"currency": "EUR", "base": "60", "valid_from": "2020-01-01T00:00:00Z"})
    assert "Price it" in fin.get("/admin/rates").text
    assert fin.post(f"/admin/rates/unpriced/{ada}").status_code == 303
    assert "Unpriced time" not in fin.get("/admin/rates").text
    assert costs(site)["total"]["unpriced_seconds"] == "0.000"


def test_the_books_are_closed_once_and_for_what_is_over(site: Site) -> None:
    assert site.call("POST", "/period-closes", {"until": "2026-01-01T00:00:00Z"}).status == 201
    for until in ("2026-01-01T00:00:00Z", "2026-01-31T12:01:00Z", "2190-01-01T00:00:00Z"):
        answer = site.call("POST", "/period-closes", {"until": until})
        assert (answer.status, [fault["pointer"] for fault in answer.body["errors"]]) == (422, ["/until"])
    assert [one["until"] for one in site.call("GET", "/period-closes").body["data"]] == ["2026-01-01T00:00:00.000Z"]
    site.add_person("fin", ["finance"])
    fin = Browser(site, "fin")
    assert fin.post("/admin/rates/close", until="2190-01-01", sure="yes").status_code == 422
    unsure = fin.post("/admin/rates/close", until="2026-02-01")
    assert (unsure.status_code, "it is never opened again" in unsure.text) == (422, True)
    assert fin.post("/admin/rates/close", until="2026-02-01", sure="yes").status_code == 303
    assert "Closed is what is dated before" in fin.get("/admin/rates").text
