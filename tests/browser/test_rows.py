"""Rows of a list in the output are added, moved and removed at the desk, by keyboard, with and without scripts."""

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.factories.site import Site

ORDER = {
    "type": "object",
    "properties": {
        "parts": {
            "type": "array",
            "title": "Parts",
            "items": {
                "type": "object",
                "title": "Part",
                "properties": {
                    "name": {"type": "string", "title": "Name", "minLength": 1},
                    "count": {"type": "integer", "title": "Count"},
                },
                "required": ["name"],
            },
        }
    },
    "required": ["parts"],
}
PARTS = [{"name": "bolt", "count": 2}, {"name": "nut", "count": 4}]


@pytest.fixture
def submission(site: Site) -> str:
    """An order with two parts that waits."""
    made = site.call("POST", "/task-types", {"name": "orders", "output_schema": ORDER, "undo_seconds": 0})
    assert made.status == 201, made.body
    sent = site.call("POST", "/submissions", {"task_type": "orders", "output": {"parts": PARTS}})
    return str(sent.body["id"])


@pytest.fixture
def plain(browser: Browser, served: str) -> Iterator[Page]:
    """A page of a browser that runs no scripts."""
    context = browser.new_context(base_url=served, java_script_enabled=False)
    yield context.new_page()
    context.close()


def begin(page: Page, site: Site) -> None:
    page.goto(site.sign_in_path("ada"))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")


def output_of(site: Site, submission: str) -> object:
    return site.call("GET", f"/submissions/{submission}?wait=5").body["decision"]["output"]


def test_a_row_is_added_moved_and_filled_by_keyboard(page: Page, site: Site, submission: str) -> None:
    begin(page, site)
    page.get_by_role("group", name="Part 1").get_by_label("Count").fill("3")
    page.get_by_role("button", name="Add to Parts").press("Enter")
    # Adding puts the cursor into the new row, and what was typed elsewhere is still there.
    expect(page.locator(":focus")).to_have_id("output/parts/n1/name")
    page.keyboard.type("washer")
    up = page.get_by_role("button", name="Move up: Parts Part 3")
    up.press("Enter")
    # The button moves with its row, so that it can be pressed again.
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Move up: Parts Part 2")
    page.keyboard.press("Enter")
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Move down: Parts Part 1")
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.get_by_role("group", name="Part 3").get_by_role("button", name="Remove").click()
    expect(page.locator(":focus")).to_have_attribute("aria-label", "Add to Parts")
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert output_of(site, submission) == {"parts": [{"name": "washer"}, {"name": "bolt", "count": 3}]}


def test_changed_rows_survive_the_browser_and_are_not_approved_by_mistake(
    page: Page, site: Site, submission: str
) -> None:
    begin(page, site)
    page.get_by_role("button", name="Add to Parts").click()
    page.wait_for_selector("form[data-ready]")
    page.goto("about:blank")
    page.goto("/review")
    expect(page.get_by_text("rows changed")).to_be_visible()
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_role("dialog")).to_contain_text("1 field")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    # The new row has no name yet: the answer says so and leads to the place.
    expect(page.get_by_role("alert")).to_contain_text("Nothing was decided")
    page.wait_for_selector("form[data-ready]")
    page.get_by_role("alert").get_by_role("link").first.click()
    page.get_by_label("Name").last.fill("washer")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert output_of(site, submission) == {"parts": [*PARTS, {"name": "washer"}]}


def test_what_was_typed_is_there_when_the_server_did_not_answer(page: Page, site: Site, submission: str) -> None:
    begin(page, site)
    page.wait_for_selector("form[data-ready]")
    page.route("**/decide", lambda route: route.fulfill(status=422, content_type="text/plain", body="?"))
    page.get_by_role("group", name="Part 1").get_by_label("Name").fill("rivet")
    page.get_by_role("button", name="Add to Parts").click()
    expect(page.get_by_text("the server did not take it")).to_be_visible()
    page.unroute("**/decide")
    expect(page.get_by_role("group", name="Part 1").get_by_label("Name")).to_have_value("rivet")
    page.get_by_role("button", name="Add to Parts").click()
    expect(page.locator(":focus")).to_have_id("output/parts/n1/name")
    # What the server shows now is newer than what the tab kept.
    expect(page.locator("[data-warning]")).to_be_hidden()
    assert submission


def test_rows_change_without_scripts(plain: Page, site: Site, submission: str) -> None:
    begin(plain, site)
    plain.get_by_role("button", name="Move down: Parts Part 1").click()
    plain.get_by_role("button", name="Submit correction").click()
    assert output_of(site, submission) == {"parts": PARTS[::-1]}
