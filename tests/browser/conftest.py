"""A real browser against a real server over loopback."""

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from app.factory import create_app
from app.kernel.db import Database
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.serving import serving
from tests.factories.site import Site, make_site

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def _browser_path() -> str | None:
    named = os.environ.get("BROWSER_PATH")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one the tests are skipped, and in CI that is a failure."""
    path = _browser_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium found; set BROWSER_PATH")
        pytest.skip("no Chromium found; set BROWSER_PATH")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(database: Database, database_url: str, servers: Servers) -> Site:
    """A workspace in an app that answers to loopback."""
    settings = Settings(
        database_url=database_url, redis_url=servers.redis_url, secret_key=SECRET, rate_limit_per_minute=None
    )
    return make_site(create_app(settings, database=database))


@pytest.fixture
def served(site: Site) -> Iterator[str]:
    """The address of a server for the site's app."""
    with serving(site.app) as address:
        yield address


@pytest.fixture
def page(browser: Browser, served: str) -> Iterator[Page]:
    """A page of a fresh profile. A script error or a broken content security policy fails the test."""
    context = browser.new_context(base_url=served, viewport={"width": 1280, "height": 800})
    page = context.new_page()
    said: list[str] = []
    outside: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: outside.append(r.url) if not r.url.startswith((served, "data:")) else None)
    yield page
    context.close()
    # Chromium reports each refused form as an error; that a form was refused is what some tests are about.
    assert [text for text in said if "status of 422" not in text] == []
    assert outside == []


@pytest.fixture
def second(browser: Browser, served: str) -> Iterator[Page]:
    """A page of another browser, which may meet errors."""
    context = browser.new_context(base_url=served)
    yield context.new_page()
    context.close()
