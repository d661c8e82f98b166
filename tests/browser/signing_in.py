"""How a person signs in with a real browser, and sits down at the desk."""

import re

from playwright.sync_api import Page, expect

from tests.factories.site import Site


def sign_in(page: Page, site: Site, short: str = "ada") -> None:
    """Sign in by a one-time link, and wait for the page after it."""
    page.goto(site.sign_in_path(short))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def take_next(page: Page, site: Site, short: str = "ada") -> None:
    """Sign in, take the next item, and wait until its keys are live."""
    sign_in(page, site, short)
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_selector("form[data-ready]")
