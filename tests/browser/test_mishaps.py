"""Mishaps of a long day at the desk: nothing typed is lost, and nothing is decided twice or for somebody else."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.kernel.ids import show
from app.queue.models import Item
from tests.browser.signing_in import sign_in, take_next
from tests.factories.serving import serving
from tests.factories.site import Site

DRAFT = re.compile("/draft$")
RTL = "שלום עולם, המשלוח יוצא ביום שני."


def _waiting(site: Site, output: str = "We ship on Monday.") -> str:
    site.call("POST", "/task-types", {"name": "replies", "output_schema": {"type": "string"}, "undo_seconds": 0})
    sent = site.call("POST", "/submissions", {"task_type": "replies", "output": output})
    assert sent.body["status"] == "waiting"
    return str(sent.body["id"])


def _status(site: Site, submission: str) -> str:
    return str(site.call("GET", f"/submissions/{submission}").body["status"])


def test_two_people_on_one_queue_get_different_items(page: Page, second: Page, site: Site) -> None:
    site.add_person("bob", ["reviewer"])
    outputs = {"We ship on Monday.": _waiting(site), "We ship on Friday.": _waiting(site, "We ship on Friday.")}
    take_next(page, site)
    take_next(second, site, "bob")
    shown = [one.locator("textarea[data-control]").input_value() for one in (page, second)]
    assert sorted(shown) == sorted(outputs)
    for one in (page, second):
        one.keyboard.press("Escape")
        one.keyboard.press("a")
        expect(one.get_by_text("Approved.")).to_be_visible()
    assert {_status(site, submission) for submission in outputs.values()} == {"approved"}


def test_whoever_loses_an_item_while_typing_learns_who_has_it_and_keeps_the_text(
    page: Page, second: Page, site: Site
) -> None:
    site.add_person("lea", ["lead", "reviewer"])
    site.add_person("bob", ["reviewer"])
    submission = _waiting(site)
    take_next(second, site)
    with second.expect_response(DRAFT):
        second.locator("textarea[data-control]").fill("We ship on Tuesday.")
    with site.app.database.unit_of_work() as session:
        item = show("item", session.scalars(select(Item.id)).one())
    given = site.call("POST", f"/items/{item}/assign", {"to": "bob@acme.example"}, key="lea")
    assert given.status == 200, given.body
    take_next(page, site, "bob")
    second.locator("textarea[data-control]").fill("We ship on Wednesday.")
    second.keyboard.press("Control+Enter")
    expect(second.get_by_text("We ship on Wednesday.")).to_be_visible()
    expect(second.get_by_text("Bob")).to_be_visible()
    assert _status(site, submission) == "claimed"


def test_a_server_that_restarts_while_one_types_gets_the_text_afterwards(browser: Browser, site: Site) -> None:
    submission = _waiting(site)
    context = browser.new_context()
    page = context.new_page()
    with serving(site.app) as address:
        port = int(address.rpartition(":")[2])
        page.goto(address + site.sign_in_path("ada"))
        page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
        page.get_by_role("button", name="Take the next item").click()
        page.wait_for_selector("form[data-ready]")
    page.locator("textarea[data-control]").fill("We ship on Tuesday.")
    expect(page.get_by_text("could not be saved on the server")).to_be_visible()
    with serving(site.app, port):
        with page.expect_response(DRAFT):
            page.locator("textarea[data-control]").press("End")
            page.keyboard.type(" Sorry.")
        expect(page.locator("[data-draft-state]")).to_contain_text("Saved")
        page.keyboard.press("Control+Enter")
        expect(page.get_by_text("Corrected.")).to_be_visible()
        context.close()
    assert site.call("GET", f"/submissions/{submission}").body["decision"]["output"] == "We ship on Tuesday. Sorry."


@pytest.mark.parametrize("seconds", [4, pytest.param(30, marks=pytest.mark.soak)])
def test_what_is_typed_offline_reaches_the_server_without_another_key(second: Page, site: Site, seconds: int) -> None:
    _waiting(site)
    take_next(second, site)
    second.context.set_offline(True)
    second.locator("textarea[data-control]").fill("We ship on Tuesday.")
    expect(second.get_by_text("You are offline. Your text is kept in this tab")).to_be_visible()
    second.wait_for_timeout(seconds * 1_000)
    with second.expect_response(lambda answer: bool(DRAFT.search(answer.url)) and answer.ok):
        second.context.set_offline(False)
    expect(second.locator("[data-draft-state]")).to_contain_text("Saved")
    second.reload()
    expect(second.locator("textarea[data-control]")).to_have_value("We ship on Tuesday.")


def test_what_was_typed_before_the_browser_was_killed_is_there_on_another_machine(
    browser: Browser, served: str, second: Page, site: Site
) -> None:
    _waiting(site)
    context = browser.new_context(base_url=served)
    page = context.new_page()
    take_next(page, site)
    with page.expect_response(DRAFT):
        page.locator("textarea[data-control]").fill("We ship on Tuesday.")
    context.close()
    sign_in(second, site)
    second.goto("/review")
    expect(second.locator("textarea[data-control]")).to_have_value("We ship on Tuesday.")


def test_a_double_click_decides_one_item(page: Page, site: Site) -> None:
    first, other = _waiting(site), _waiting(site)
    take_next(page, site)
    page.get_by_role("button", name=re.compile("^Approve")).dblclick()
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert (_status(site, first), _status(site, other)) == ("approved", "claimed")


def test_a_decision_that_cannot_be_handed_in_stays_on_the_page_and_counts_once(second: Page, site: Site) -> None:
    submission = _waiting(site)
    take_next(second, site)
    second.locator("textarea[data-control]").fill("We ship on Tuesday.")
    second.context.set_offline(True)
    second.keyboard.press("Control+Enter")
    expect(second.get_by_text("Not handed in: you are offline. Press again")).to_be_visible()
    second.context.set_offline(False)
    expect(second.locator("[data-draft-state]")).to_contain_text("Saved")
    # That the text is saved does not hide that it was not handed in.
    expect(second.get_by_text("Not handed in")).to_be_visible()
    # The server is there, but cannot do it.
    second.route("**/decide", lambda route: route.fulfill(status=503, content_type="text/html", body=_BUSY))
    second.keyboard.press("Control+Enter")
    expect(second.get_by_text("the server did not take it (Too busy)")).to_be_visible()
    expect(second.locator("textarea[data-control]")).to_be_focused()
    assert _status(site, submission) == "claimed"
    second.unroute("**/decide")
    second.keyboard.press("Control+Enter")
    expect(second.get_by_text("Corrected.")).to_be_visible()
    decided = site.call("GET", f"/submissions/{submission}").body
    assert decided["decision"]["output"] == "We ship on Tuesday."
    assert len(decided["decision"]["votes"]) == 1


_BUSY = "<!doctype html><title>Busy</title><main id=main><h1>Too busy</h1></main>"


def test_the_back_button_leads_out_of_the_desk_and_decides_nothing(page: Page, site: Site) -> None:
    first, other = _waiting(site), _waiting(site, "We ship on Friday.")
    take_next(page, site)
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_text("Approved.")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="What waits for me")).to_be_visible()
    page.go_forward()
    page.wait_for_selector("form[data-ready]")
    expect(page.locator("textarea[data-control]")).to_have_value("We ship on Friday.")
    assert (_status(site, first), _status(site, other)) == ("approved", "claimed")


def test_a_text_of_200_kb_is_corrected_like_any_other(page: Page, site: Site) -> None:
    long = "A sentence of a long report, number after number.\n" * 4_000
    submission = _waiting(site, long)
    take_next(page, site)
    with page.expect_response(DRAFT):
        page.locator("textarea[data-control]").focus()
        page.keyboard.press("ControlOrMeta+Home")
        page.keyboard.type("Preface. ")
    expect(page.locator("[data-changes-of] ins")).to_contain_text("Preface")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert site.call("GET", f"/submissions/{submission}").body["decision"]["output"] == "Preface. " + long


def test_right_to_left_text_stands_from_right_to_left(page: Page, site: Site) -> None:
    submission = _waiting(site, RTL)
    take_next(page, site)
    box = page.locator("textarea[data-control]")
    assert box.evaluate("(element) => getComputedStyle(element).direction") == "rtl"
    box.fill(RTL.replace("שני", "שלישי"))
    expect(page.locator("[data-changes-of] ins")).to_have_text("שלישי")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Corrected.")).to_be_visible()
    assert site.call("GET", f"/submissions/{submission}").body["status"] == "corrected"
