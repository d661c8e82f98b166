"""What a reviewer does at the desk besides judging: keep, give, ask, skip with a reason, undo, pause."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.signing_in import sign_in
from tests.factories.site import Site


def _waiting(site: Site, name: str, **task_type: object) -> None:
    site.call("POST", "/task-types", {"name": "note", "undo_seconds": 3600, "queue": "notes", **task_type})
    sent = site.call("POST", "/submissions", {"task_type": "note", "output": "Paris", "external_id": name})
    assert sent.body["status"] == "waiting"


def _check(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def _take(page: Page) -> None:
    page.goto("/")
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_selector("form[data-ready]")


def _take_first_of_two(page: Page, site: Site) -> None:
    _waiting(site, "n-1")
    _waiting(site, "n-2")
    sign_in(page, site)
    _take(page)
    expect(page.get_by_text("n-1")).to_be_visible()


def _open_more(page: Page) -> None:
    page.keyboard.press("Escape")
    page.keyboard.press("m")
    expect(page.get_by_label("Note for whoever has it next")).to_be_focused()


def test_an_item_is_kept_with_a_note_and_gone_on_with_later(page: Page, site: Site) -> None:
    _waiting(site, "n-1")
    sign_in(page, site)
    _take(page)
    _open_more(page)
    page.keyboard.type("Asked the customer.")
    page.get_by_role("button", name="Keep for later").click()
    expect(page.get_by_text("Kept for later; you find it on the home page.")).to_be_visible()
    _check(page)
    page.get_by_role("button", name="Go on").click()
    page.wait_for_selector("form[data-ready]")
    expect(page.get_by_text("Asked the customer.")).to_be_visible()
    _check(page)


def test_a_colleague_finds_what_she_is_given(page: Page, site: Site) -> None:
    site.add_person("bea", ["reviewer"])
    _waiting(site, "for bea")
    sign_in(page, site)
    _take(page)
    _open_more(page)
    page.get_by_label("Give to a colleague").select_option(label="Bea")
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_text("Given on.")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    sign_in(page, site, "bea")
    page.goto("/")
    expect(page.get_by_role("heading", name="Given to you")).to_be_visible()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("for bea")).to_be_visible()


def test_a_decision_is_undone_by_one_key_and_judged_anew(page: Page, site: Site) -> None:
    _take_first_of_two(page, site)
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    expect(page.get_by_text("n-2")).to_be_visible()
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_text("Taken back; judge it anew.")).to_be_visible()
    expect(page.get_by_text("n-1")).to_be_visible()


def test_a_skip_takes_a_reason_where_the_queue_wants_one(page: Page, site: Site) -> None:
    _waiting(site, "n-1")
    queue = site.call("GET", "/queues").body["data"][0]
    changed = {"name": "notes", "skip_reasons": ["unclear"], "skip_policy": "others"}
    assert site.call("PUT", f"/queues/{queue['id']}", changed).status == 200
    sign_in(page, site)
    _take(page)
    expect(page.get_by_role("button", name=re.compile("^Skip s"))).to_have_count(0)
    _open_more(page)
    page.get_by_role("button", name="Skip", exact=True).click()
    expect(page.get_by_text("must be one of unclear")).to_be_visible()
    page.get_by_label("unclear").check()
    page.get_by_role("button", name="Skip", exact=True).click()
    expect(page.get_by_text("Skipped.")).to_be_visible()
    page.get_by_role("button", name="Take the next item").click()
    expect(page.get_by_text("because you have sent them back")).to_be_visible()


def test_whoever_paused_gets_nothing_until_she_goes_on(page: Page, site: Site) -> None:
    _waiting(site, "n-1")
    sign_in(page, site)
    page.goto("/")
    page.get_by_label("Pause for").select_option("break")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("(break): nothing more is handed to you")).to_be_visible()
    page.get_by_role("button", name="Take the next item").click()
    expect(page.get_by_text("would be yours, but you have paused")).to_be_visible()
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _check(page)
    page.get_by_role("button", name="End the pause").click()
    _take(page)
    expect(page.get_by_text("n-1")).to_be_visible()


def test_a_break_keeps_the_item_and_hands_out_nothing_until_it_ends(page: Page, site: Site) -> None:
    _take_first_of_two(page, site)
    _open_more(page)
    page.get_by_role("button", name="Keep it and pause").click()
    expect(page.get_by_text("Paused: nothing more is handed to you.")).to_be_visible()
    expect(page.get_by_role("heading", name="Kept for later")).to_be_visible()
    _check(page)
    page.get_by_role("button", name="Take the next item").click()
    expect(page.get_by_text("You have paused, so nothing is handed to you.")).to_be_visible()
    page.get_by_role("button", name="End the pause").click()
    expect(page.get_by_text("You are there again.")).to_be_visible()
    page.get_by_role("button", name="Go on", exact=True).click()
    page.wait_for_selector("form[data-ready]")
    expect(page.get_by_text("n-1")).to_be_visible()
