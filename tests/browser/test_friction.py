"""High risk costs a reviewer evidence opened, a reason, and a typed name or a second person; low risk costs one key."""

import re
from collections.abc import Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from app.kernel.ids import show
from app.queue.models import Item
from tests.browser.signing_in import sign_in, take_next
from tests.factories.site import Site

REFUND = {"name": "refund", "args": {"amount": "10.00"}, "risk": {"level": "high"}}
CONTEXT = [{"type": "text", "title": "the mail", "value": "Money back!"}, {"type": "json", "value": {"order": 7}}]


def _waiting(site: Site, action: Mapping[str, object], **task_type: object) -> str:
    made = site.call("POST", "/task-types", {"name": "refunds", "undo_seconds": 0, **task_type})
    assert made.status == 201, made.body
    document = {"task_type": "refunds", "actions": [action], "context": CONTEXT, "instructions": "Be careful."}
    sent = site.call("POST", "/submissions", document)
    assert sent.body["status"] == "waiting"
    return str(sent.body["id"])


def test_low_risk_is_approved_by_one_key(page: Page, site: Site) -> None:
    site.call("POST", "/policies", {"task_type": "refunds", "audit_rate": 0})
    submission = _waiting(site, {**REFUND, "risk": {"level": "low"}})
    take_next(page, site)
    page.keyboard.press("a")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert site.call("GET", f"/submissions/{submission}").body["status"] == "approved"


@pytest.fixture
def risky(site: Site) -> str:
    """A refund of high risk, under a policy that says so."""
    submission_type = site.call("POST", "/task-types", {"name": "refunds", "undo_seconds": 0})
    assert submission_type.status == 201
    policy = site.call("POST", "/policies", {"task_type": "refunds", "high_risk_actions": ["refund"]})
    published = site.call("POST", f"/policies/{policy.body['id']}/publish", {})
    assert published.status == 200, published.body
    return _waiting(site, REFUND)


def test_high_risk_is_approved_by_keyboard_only_after_all_that_it_asks_for(page: Page, site: Site, risky: str) -> None:
    take_next(page, site)
    expect(page.get_by_text("Be careful.")).to_be_visible()
    expect(page.get_by_text("Money back!")).to_be_hidden()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    # Nothing is decided; the focus is where something is missing.
    expect(page.locator("details[data-evidence] summary").first).to_be_focused()
    expect(page.get_by_role("alert")).to_have_text(re.compile("Not yet"))
    page.keyboard.press("o")
    expect(page.get_by_text("Money back!")).to_be_visible()
    page.keyboard.press("o")
    page.keyboard.press("a")
    expect(page.get_by_label("Why it may run")).to_be_focused()
    with page.expect_response(re.compile("/draft$")):
        page.keyboard.type("the parcel never came")
    page.keyboard.press("Tab")
    page.keyboard.type("REFUND")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert site.call("GET", f"/submissions/{risky}").body["status"] == "approved"
    site.add_person("lea", ["lead"])
    sign_in(page, site, "lea")
    with site.app.database.unit_of_work() as session:
        item = show("item", session.scalars(select(Item.id)).one())
    page.goto(f"/items/{item}")
    expect(page.get_by_text("the parcel never came")).to_be_visible()


def test_a_rejection_of_high_risk_asks_for_nothing_more(page: Page, site: Site, risky: str) -> None:
    take_next(page, site)
    page.get_by_label("Reject", exact=True).check()
    page.get_by_label(re.compile("Message to the model")).first.fill("not ours")
    page.get_by_role("button", name=re.compile("Submit verdicts")).click()
    expect(page.get_by_text("Rejected.")).to_be_visible()
    assert site.call("GET", f"/submissions/{risky}").body["status"] == "rejected"


def test_without_scripts_the_server_asks_for_the_same(browser: Browser, served: str, site: Site, risky: str) -> None:
    context = browser.new_context(base_url=served, java_script_enabled=False)
    page = context.new_page()
    sign_in(page, site)
    page.get_by_role("button", name="Take the next item").click()
    page.get_by_role("button", name=re.compile("^Approve")).click()
    problem = page.get_by_role("alert").filter(has_text="Nothing was decided")
    expect(problem.get_by_role("listitem")).to_have_count(4)
    for place in (0, 1):
        page.locator("details[data-evidence] summary").nth(place).click()
        page.get_by_label("I have opened it").nth(place).check()
    page.get_by_label("Why it may run").fill("the parcel never came")
    page.get_by_label("Type refund to confirm").fill("refuse")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(problem.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_label("Why it may run")).to_have_value("the parcel never came")
    page.get_by_label("Type refund to confirm").fill("refund")
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_text("Approved.")).to_be_visible()
    context.close()
    assert site.call("GET", f"/submissions/{risky}").body["status"] == "approved"


def test_a_second_person_in_place_of_a_typed_name(page: Page, site: Site, risky: str) -> None:
    site.call("POST", f"/submissions/{risky}/cancel", {})
    pair = _waiting(site, REFUND, high_risk_check="second_person")
    take_next(page, site)
    expect(page.get_by_text("A second person approves it too.")).to_be_visible()
    expect(page.locator("#confirmation")).to_have_count(0)
    page.keyboard.press("Escape")
    for key in ("o", "o", "a"):
        page.keyboard.press(key)
    page.keyboard.type("fine")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("somebody else has to judge it too")).to_be_visible()
    assert site.call("GET", f"/submissions/{pair}").body["status"] == "waiting"


def test_keys_can_be_chosen_and_hold_at_the_desk(page: Page, site: Site) -> None:
    submission = _waiting(site, {**REFUND, "risk": {"level": "low"}})
    sign_in(page, site)
    page.goto("/account/keys")
    assert Axe().run(page).response["violations"] == []
    page.get_by_label(re.compile("^Approve as it is")).fill("c")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Another act has this key too.")).to_have_count(2)
    page.get_by_label(re.compile("^Approve as it is")).fill("j")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Kept: these are your keys")).to_be_visible()
    page.goto("/")
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_selector("form[data-ready]")
    page.keyboard.press("a")
    page.keyboard.press("?")
    expect(page.locator("#keys kbd").first).to_have_text("j")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(page.get_by_text("Approved.")).to_be_visible()
    assert site.call("GET", f"/submissions/{submission}").body["status"] == "approved"
    page.goto("/account/keys")
    page.get_by_role("button", name="Take the usual keys").click()
    expect(page.get_by_label(re.compile("^Approve as it is"))).to_have_value("a")
