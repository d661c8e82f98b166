"""One item after the other in one page: nothing is loaded anew, and nothing of the item before is left behind."""

import re

from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from app.queue.models import Item
from tests.browser.signing_in import take_next
from tests.factories.site import Site

DOUBTFUL = {"field_confidence": {"/city": 0.4, "/zip": 0.99}}
CONTEXT = [{"type": "text", "title": "Letter", "value": "We *live* in Paris now.\n" * 200}]


def _states(site: Site) -> list[str]:
    with site.app.database.unit_of_work() as session:
        return sorted(session.scalars(select(Item.state)))


def _begin(page: Page, site: Site, items: int = 2, **more: object) -> None:
    site.define_addresses()
    for _ in range(items):
        site.submit(0.95, **DOUBTFUL, **more)
    take_next(page, site)
    page.evaluate("window.stamp = 1")
    page.keyboard.press("Escape")


def _is_same_page(page: Page) -> bool:
    return bool(page.evaluate("window.stamp === 1"))


def test_the_next_item_takes_the_place_of_the_last_with_its_own_clock_and_focus(page: Page, site: Site) -> None:
    _begin(page, site)
    claim = page.locator("#decide").get_attribute("data-claim")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    page.keyboard.press("a")
    page.wait_for_selector(f'form[data-ready]:not([data-claim="{claim}"])')
    expect(page.get_by_role("status").filter(has_text="Approved.")).to_be_visible()
    assert _is_same_page(page)
    assert [url for url in asked if url.endswith((".js", ".css"))] == []
    # The doubtful field has the focus, as on a page that was loaded.
    expect(page.locator(":focus")).to_have_value("Paris")
    new = str(page.locator("#decide").get_attribute("data-claim"))
    with page.expect_request(lambda one: one.url.endswith("/beats")) as beat:
        page.evaluate("window.dispatchEvent(new Event('focus'))")
    assert new in beat.value.url
    assert [url for url in asked if url.endswith(f"{claim}/beats")] == []
    page.reload()
    expect(page.locator("#decide")).to_have_attribute("data-claim", new)


def test_the_next_item_is_kept_ready_while_one_is_judged(page: Page, site: Site) -> None:
    with page.expect_response(re.compile("/review/ahead")):
        _begin(page, site, items=4)
    assert _states(site) == ["claimed", "reserved", "waiting", "waiting"]
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert _states(site) == ["claimed", "decided", "waiting", "waiting"]


def test_what_a_colleague_may_need_is_left_to_her(page: Page, site: Site) -> None:
    with page.expect_response(re.compile("/review/ahead")) as answer:
        _begin(page, site, items=3)
    assert answer.value.json() == {"ready": False}
    assert _states(site) == ["claimed", "waiting", "waiting"]


def test_another_view_keeps_the_focus_and_what_was_typed(page: Page, site: Site) -> None:
    _begin(page, site, context=CONTEXT)
    page.locator("[data-doubtful]").fill("Lyon")
    view = page.get_by_role("button", name=re.compile("^Markdown"))
    view.press("Enter")
    expect(page.locator("em").first).to_have_text("live")
    assert _is_same_page(page)
    expect(page.locator("[data-doubtful]")).to_have_value("Lyon")
    expect(page.locator(":focus")).to_have_attribute("name", "view")


def _newer(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace("/desk.js", "/newer/desk.js"))


def test_a_page_of_another_release_is_loaded_whole(page: Page, site: Site) -> None:
    _begin(page, site)
    page.route("**/decide", _newer)
    with page.expect_navigation(url="**/review"):
        page.keyboard.press("a")
    assert not _is_same_page(page)
    assert _states(site) == ["claimed", "decided"]
    page.wait_for_selector("form[data-ready]")
    expect(page.locator(":focus")).to_have_value("Paris")


def test_the_last_item_leads_home(page: Page, site: Site) -> None:
    _begin(page, site)
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="What waits for me")).to_be_visible()
    assert _states(site) == ["decided", "decided"]


def test_whoever_stops_keeps_nothing_ready(page: Page, site: Site) -> None:
    with page.expect_response(re.compile("/review/ahead")):
        _begin(page, site, items=4)
    assert "reserved" in _states(site)
    page.get_by_role("button", name="Put back").click()
    expect(page.get_by_text("Put back.")).to_be_visible()
    assert _states(site) == ["waiting"] * 4
