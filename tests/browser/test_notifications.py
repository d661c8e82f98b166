"""A link of a mail opens its item after signing in, and a reviewer chooses how she is told."""

import re
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.kernel.ids import show
from app.queue.models import Item
from tests.factories.site import Site


def _item_path(site: Site) -> str:
    site.define_addresses()
    submission = UUID(str(site.submit().body["id"]).removeprefix("sub_"))
    with site.app.database.unit_of_work() as session:
        return f"/items/{show('item', session.scalars(select(Item.id).where(Item.submission_id == submission)).one())}"


def test_a_mails_link_opens_its_item_after_a_one_time_sign_in(page: Page, site: Site) -> None:
    path = _item_path(site)
    page.goto(path)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.goto(site.sign_in_path("ada"))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.wait_for_url(f"**{path}")
    assert Axe().run(page).violations_count == 0
    page.get_by_role("button", name="Take this item").click()
    page.wait_for_url("**/review*")
    expect(page.get_by_role("textbox", name="city")).to_have_value("Paris")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_a_reviewer_chooses_how_she_is_told(page: Page, site: Site, scheme: str, width: int) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(site.sign_in_path("ada"))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.goto("/account")
    page.get_by_label("Work waits for me").select_option("daily")
    page.get_by_label("Time zone").fill("Europe/Zurich")
    page.get_by_label("Quiet from").fill("22:00")
    page.get_by_label("Quiet until").fill("07:00")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("from now on you are told like this")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_have_value("Europe/Zurich")
    assert Axe().run(page).violations_count == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
