"""How a person signs in with a real browser."""

import re

from playwright.sync_api import Page, expect

from tests.factories.site import Site


def sign_in(page: Page, site: Site, short: str = "ada") -> None:
    """Sign in by a one-time link, and wait for the page after it."""
    page.goto(site.sign_in_path(short))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
