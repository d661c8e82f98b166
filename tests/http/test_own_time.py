"""A reviewer's page of her own time: her items and days, nobody else's; a day or zone that cannot be read is said."""

from html import unescape

import pytest

from tests.factories.site import Site
from tests.http.test_setup_pages import Browser


@pytest.fixture
def ada(site: Site) -> Browser:
    """Ada, who has judged one item."""
    site.define_addresses()
    site.submit(external_id="order <7>")
    taken = site.call("POST", "/claims", {}, key="ada").body
    path, shown = f"/claims/{taken['claim']['id']}", taken["item"]["content_sha256"]
    site.call("POST", f"{path}/beats", {"seq": 1, "client_mono_ms": 1, "state": "active"}, key="ada")
    verdict = {"token": taken["claim"]["token"], "content_sha256": shown, "verb": "approve"}
    assert site.call("POST", f"{path}/decision", verdict, key="ada").status == 200
    return Browser(site, "ada")


def test_she_sees_what_was_counted_and_nobody_else_does(site: Site, ada: Browser) -> None:
    page = ada.get("/time").text
    assert ("order &lt;7&gt;" in page, ">decided<" in page, 'aria-current="date"' in page) == (True, True, True)
    site.add_person("bob", ["reviewer"])
    other = Browser(site, "bob").get("/time").text
    assert ("order" in other, "Nothing was counted on this day" in other) == (False, True)
    site.add_person("fin", ["finance"])
    assert Browser(site, "fin").get("/time").status_code == 403


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("day=yesterday", "Give a day such as 2026-01-31."),
        ("day=2026-02-30", "Give a day such as 2026-01-31."),
        ("tz=Mars/Olympus", "This zone is not known."),
        ("day=0001-01-01&tz=Asia/Tokyo", "Nothing was counted on this day"),
        ("day=9999-12-31&tz=America/Los_Angeles", "order"),
        ("day=2020-01-01", "Nothing was counted on this day"),
    ],
)
def test_any_day_and_zone_is_answered(ada: Browser, asked: str, said: str) -> None:
    answer = ada.get(f"/time?{asked}")
    assert (answer.status_code, said in unescape(answer.text)) == (200, True)
