"""Photograph the demo: `python -m dev.screenshots LINK` writes docs/screenshots/. `make screenshots` calls it.

LINK is a sign-in link, as `make run` prints it; it works once. Run `proofdesk demo` before, so that there are costs to
show. The outputs are the demo's real ones; one item is left taken.
"""

import os
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, ViewportSize, sync_playwright

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "screenshots"
SIZE: Final = ViewportSize(width=1280, height=800)


def photograph(page: Page, link: str) -> None:
    """Sign in, take an item, and write a picture of each page that the documents show."""
    site = "{0.scheme}://{0.netloc}".format(urlsplit(link))
    page.goto(link)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/")
    page.goto(f"{site}/queue")
    _write(page, "queue")
    page.get_by_role("button", name="Take from addresses").click()
    page.wait_for_selector("form[data-ready]")
    _write(page, "desk")
    page.goto(f"{site}/floor")
    item = page.locator('a[href^="/items/"]').first.get_attribute("href")
    for name, path in (("item", item), ("costs", "/reports/costs")):
        page.goto(f"{site}{path}")
        _write(page, name)


def _write(page: Page, name: str) -> None:
    page.screenshot(path=FOLDER / f"{name}.png")


def main() -> None:
    """Do it with the browser that BROWSER_PATH names."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["BROWSER_PATH"], args=["--no-sandbox"])
        photograph(browser.new_page(viewport=SIZE), sys.argv[1])
        browser.close()


if __name__ == "__main__":
    main()
