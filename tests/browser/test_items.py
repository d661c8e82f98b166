"""Files beside an output, the list of items, a selection judged alike, and a second factor, in a real browser."""

from io import BytesIO

import pyotp
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from app.kernel.clock import read_now
from app.submissions.service import make_findable
from tests.browser.signing_in import sign_in, take_next
from tests.factories.site import Site

pytestmark = pytest.mark.browser


def scan() -> bytes:
    """Return a picture that is wider than any region of the desk."""
    image = Image.new("RGB", (1600, 900), "white")
    ImageDraw.Draw(image).text((200, 200), "Invoice 17: 120.00 EUR", fill="black", font_size=90)
    held = BytesIO()
    image.save(held, "PNG")
    return held.getvalue()


def send(site: Site, body: bytes, media_type: str, name: str) -> str:
    """Send a file and return its id."""
    sent = site.call("POST", f"/files?name={name}", body, Content_Type=media_type)
    assert sent.status == 201, sent.body
    return str(sent.body["id"])


def clean(page: Page) -> None:
    """Hold the page against what axe can find, and that nothing sticks out of a telephone."""
    assert Axe().run(page).response["violations"] == []
    size = page.viewport_size
    page.set_viewport_size({"width": 360, "height": 780})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert size is not None
    page.set_viewport_size(size)


def test_an_image_is_shown_fitted_and_in_its_own_size_and_a_text_begins(page: Page, site: Site) -> None:
    site.define_addresses()
    image = send(site, scan(), "image/png", "scan.png")
    table = send(site, b"item,amount\nlamp,120.00\n" * 200, "text/csv", "lines.csv")
    blocks = [
        {"type": "image", "title": "Scan of the invoice", "value": image},
        {"type": "file", "title": "Lines", "value": table},
    ]
    assert site.submit(context=blocks).status == 201
    take_next(page, site)
    shown = page.get_by_role("img", name="Scan of the invoice")
    expect(shown).to_be_visible()
    assert shown.evaluate("image => image.naturalWidth") == 1600
    region = page.get_by_role("region", name="Image: Scan of the invoice")
    assert shown.evaluate("i => i.clientWidth") <= region.evaluate("r => r.clientWidth")
    clean(page)
    page.get_by_label("Actual size").check()
    assert shown.evaluate("image => image.clientWidth") == 1600
    expect(page.get_by_text("lamp,120.00").first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save").first.click()
    assert saved.value.suggested_filename == "scan.png"


def test_items_are_found_selected_judged_alike_and_taken_back(page: Page, site: Site) -> None:
    site.call("POST", "/task-types", {"name": "letters", "undo_seconds": 3600})
    for n in range(4):
        text = f"Dear customer {n}, your parcel is late." if n else "Something else."
        sent = {"task_type": "letters", "output": text, "external_id": f"letter-{n}", "confidence": 0.4}
        assert site.call("POST", "/submissions", sent).status == 201
    with site.app.database.unit_of_work() as session:
        make_findable(session, limit=100)
    site.add_person("lea", ["lead", "reviewer"])
    sign_in(page, site, "lea")
    page.get_by_role("link", name="Items", exact=True).click()
    clean(page)
    page.get_by_label("Words").fill('"parcel is late"')
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.get_by_role("checkbox")).to_have_count(3)
    page.get_by_label("Save this view as").fill("Late parcels")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="Late parcels")).to_have_attribute("aria-current", "page")
    for box in page.get_by_role("checkbox").all():
        box.check()
    clean(page)
    page.get_by_role("button", name="Judge the selected alike…").click()
    expect(page.get_by_text("your parcel is late")).to_have_count(3)
    clean(page)
    page.get_by_role("checkbox").last.uncheck()
    page.get_by_role("button", name="Approve all ticked").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 judged")
    clean(page)
    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")


def test_an_items_page_tells_what_came_with_it_and_what_it_cost(page: Page, site: Site) -> None:
    site.define_addresses()
    image = send(site, scan(), "image/png", "scan.png")
    site.submit(context=[{"type": "image", "title": "Scan", "value": image}])
    site.add_person("lea", ["lead"])
    sign_in(page, site, "lea")
    page.goto("/items")
    page.locator("tbody a").first.click()
    expect(page.get_by_role("img", name="Scan")).to_be_visible()
    expect(page.get_by_role("heading", name="Route, cost and deliveries")).to_be_visible()
    clean(page)


def test_a_second_factor_is_set_up_by_hand_and_asked_for(page: Page, site: Site) -> None:
    sign_in(page, site)
    page.goto("/account/second-factor")
    page.get_by_text("Or type the secret").click()
    clean(page)
    secret = page.locator("details p.mono").inner_text().replace(" ", "")
    with site.app.database.unit_of_work() as session:
        code = pyotp.TOTP(secret).at(read_now(session))
    page.get_by_label("The code that it shows").fill(code)
    page.get_by_role("button", name="Turn on").click()
    codes = page.locator(".recovery li").all_inner_texts()
    assert len(codes) == 10
    clean(page)
    page.get_by_role("button", name="Sign out").click()
    page.goto(site.sign_in_path("ada"))
    page.get_by_label("Code of your authenticator").fill("000000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("That code is not right")
    clean(page)
    page.get_by_label("Code of your authenticator").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/account/second-factor")
    expect(page.get_by_text("9 recovery codes left")).to_be_visible()
    clean(page)
