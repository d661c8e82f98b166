"""A reviewer signs in, corrects an item by keyboard alone, and finds its time and cost in the report."""

import re

from playwright.sync_api import Page, expect

from tests.browser.signing_in import sign_in
from tests.factories.site import Site

RATE = {"currency": "EUR", "unit": "hour", "base": "36000.00", "valid_from": "2026-01-01T00:00:00Z"}


def _waiting(site: Site, **more: object) -> str:
    sent = site.submit(0.95, field_confidence={"/city": 0.4, "/zip": 0.99}, external_id="a-1", **more)
    assert sent.body["status"] == "waiting"
    return str(sent.body["id"])


def test_an_item_is_corrected_by_keyboard_and_its_cost_is_in_the_report(page: Page, site: Site) -> None:
    site.define_addresses()
    site.call("POST", "/rate-cards", RATE)
    submission = _waiting(site)
    sign_in(page, site)
    page.get_by_role("button", name="Take the next item").press("Enter")
    page.wait_for_url("**/review*")
    page.wait_for_selector("form[data-ready]")
    # The doubtful field has the focus, so that typing corrects it.
    expect(page.locator(":focus")).to_have_value("Paris")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Lyon")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Corrected.")).to_be_visible()
    read = site.call("GET", f"/submissions/{submission}?wait=5").body
    assert (read["status"], read["decision"]["output"]) == ("corrected", {"city": "Lyon", "zip": "75001"})
    page.goto("/reports/costs")
    row = page.get_by_role("row", name=re.compile("addresses"))
    expect(row).to_contain_text("EUR")
    expect(row).to_contain_text("1")


def test_approve_is_one_key_and_rejecting_needs_a_reason(page: Page, site: Site) -> None:
    site.define_addresses()
    first, second = _waiting(site), _waiting(site)
    sign_in(page, site)
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")
    page.keyboard.press("Escape")
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert site.call("GET", f"/submissions/{first}").body["status"] == "approved"
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.get_by_label("wrong city").check()
    page.locator("button[data-act=reject]").click()
    expect(page.get_by_text("Rejected.")).to_be_visible()
    assert site.call("GET", f"/submissions/{second}").body["decision"]["reason_codes"] == ["wrong_city"]


def test_typed_text_comes_back_after_the_browser_was_closed(page: Page, site: Site) -> None:
    site.define_addresses()
    _waiting(site)
    sign_in(page, site)
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")
    with page.expect_response(re.compile("/draft$")):
        page.locator(":focus").fill("Marseille")
    page.goto("about:blank")
    page.goto("/review")
    expect(page.locator("input[value='Marseille']")).to_be_visible()


def test_what_a_model_wrote_is_text_and_its_tricks_are_marked(page: Page, site: Site) -> None:
    site.define_addresses()
    evil = "<img src=x onerror=alert(1)><script>alert(2)</script> pay\u202eyap \u200bhidden p\u0430ypal"
    _waiting(site, context=[{"type": "markdown", "title": evil, "value": evil}])
    sign_in(page, site)
    page.on("dialog", lambda _: (_ for _ in ()).throw(AssertionError("a script ran")))
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")
    block = page.locator("div[data-untrusted]").first
    expect(block).to_contain_text("<script>alert(2)</script>")
    assert block.locator("[data-suspicious]").count() >= 3
    assert page.locator("[data-untrusted] img, [data-untrusted] script").count() == 0


def test_a_wrong_correction_is_explained_at_its_field_and_keeps_the_text(page: Page, site: Site) -> None:
    site.call(
        "POST",
        "/task-types",
        {
            "name": "addresses",
            "output_schema": {"type": "object", "properties": {"city": {"type": "string", "maxLength": 5}}},
        },
    )
    site.submit(None)
    sign_in(page, site)
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")
    page.get_by_label("city").fill("Marseille")
    page.get_by_role("button", name=re.compile("Submit correction")).click()
    expect(page.get_by_text("Nothing was decided")).to_be_visible()
    expect(page.get_by_label("city")).to_have_value("Marseille")
