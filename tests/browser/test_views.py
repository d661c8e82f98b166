"""The context can be seen as text, as Markdown and raw, and what one changes in a text is shown word by word."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.signing_in import take_next
from tests.factories.site import Site

TRICK = "Pay **now** [bank](https://evil.example/x) \u202e00.05$"
DIFF = "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-limit = 10\n+limit = 1000\n rest"
CONTEXT = [
    {"type": "markdown", "title": "mail", "value": f"# Dear team\n\n{TRICK}"},
    {"type": "diff", "title": "change", "value": DIFF},
    {"type": "link", "title": "ticket", "value": "https://tickets.example/4?x=1"},
    {"type": "chat", "value": [{"role": "user", "text": "*hello*"}, {"role": "assistant", "text": "hi"}]},
    {"type": "json", "title": "order", "value": {"id": 4, "lines": [{"sku": "a"}]}},
]


@pytest.fixture
def desk(page: Page, site: Site) -> Page:
    """The desk with a text to judge."""
    site.call("POST", "/task-types", {"name": "replies", "output_schema": {"type": "string"}})
    sent = site.call(
        "POST",
        "/submissions",
        {"task_type": "replies", "output": "Dear Ada,\n\nwe ship on Monday.", "confidence": 0.2, "context": CONTEXT},
    )
    assert sent.body["status"] == "waiting"
    take_next(page, site)
    return page


def test_one_key_shows_the_context_another_way_and_keeps_what_was_typed(desk: Page) -> None:
    desk.locator("textarea[data-control]").fill("Dear Ada,\n\nwe ship on Tuesday.")
    desk.keyboard.press("Escape")
    desk.keyboard.press("v")
    desk.wait_for_url("**/review?view=markdown")
    desk.wait_for_selector("form[data-ready]")
    expect(desk.locator(".markdown .heading")).to_have_text("Dear team")
    expect(desk.locator(".markdown").first).to_contain_text("https://evil.example/x")
    assert desk.locator(".markdown a, .markdown img").count() == 0
    assert desk.locator(".markdown [data-suspicious]").count() == 1
    expect(desk.locator("textarea[data-control]")).to_have_value("Dear Ada,\n\nwe ship on Tuesday.")
    assert Axe().run(desk).response["violations"] == []
    desk.keyboard.press("Escape")
    desk.keyboard.press("v")
    desk.wait_for_url("**/review?view=raw")
    desk.wait_for_selector("form[data-ready]")
    expect(desk.locator(".evidence").first).to_contain_text("\\u202e00.05$")
    desk.keyboard.press("Escape")
    desk.keyboard.press("v")
    desk.wait_for_url("**/review?view=text")
    expect(desk.locator(".evidence").first).to_contain_text("# Dear team")


def test_what_is_changed_in_a_text_is_shown_word_by_word_while_one_types(desk: Page) -> None:
    box = desk.locator("[data-changes-of]")
    expect(box).to_be_hidden()
    desk.locator("textarea[data-control]").fill("Dear Ada,\n\nwe ship on Tues\u202eday.")
    expect(box.locator("del")).to_have_text("Monday")
    expect(box.locator("ins [data-suspicious]")).to_have_text("U+202E")
    desk.reload()
    expect(box.locator("ins")).to_contain_text("Tues")
    desk.locator("textarea[data-control]").fill("Dear Ada,\n\nwe ship on Monday.")
    expect(box).to_be_hidden()


def test_a_link_is_followed_only_after_its_host_was_shown(desk: Page) -> None:
    link = desk.get_by_role("link", name="Open it in a new tab")
    expect(link).to_be_hidden()
    desk.locator(".leave summary").click()
    expect(desk.locator(".leave strong")).to_have_text("tickets.example")
    expect(link).to_have_attribute("href", "https://tickets.example/4?x=1")
    expect(link).to_have_attribute("rel", re.compile("noopener noreferrer"))
    assert [desk.locator(f".diff .{kind}").count() for kind in ("place", "removed", "added")] == [3, 1, 1]
