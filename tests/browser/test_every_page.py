"""Every page of the map, with something on it: free of what axe finds, no wider than a telephone, and quiet.

The map is the app's own, so that a new page is looked at without anybody thinking of it.
"""

from typing import Any, Literal
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from sqlalchemy import select

from app.identity.models import Person
from app.kernel.ids import show
from app.queue.models import Item, Queue
from app.submissions.models import TaskType
from tests.browser.signing_in import sign_in
from tests.factories.site import Site
from tests.http.walker import HOURS, Walker

# What no browser shows as a page: data for programs, and files that are downloads.
NOT_PAGES = {"grants.get_keys", "docs_pages.get_openapi", "shown_files.get", "static"}
# Those that only somebody sees who is not signed in.
OUTSIDE = ("/login",)
MIXED = "Grüße an a\u200bb"
SINCE = "2026-01-01T00:00:00Z"


def _newest(site: Site, kind: str, model: type[Any]) -> str:
    with site.app.database.unit_of_work() as session:
        return show(kind, session.scalars(select(model.id).order_by(model.id.desc()).limit(1)).one())


def _corrected(walker: Walker, by: str | None) -> str:
    """Have a correction of Lea's time asked for, and granted if somebody is named; return the claim."""
    calls = [{"model": MIXED, "input_tokens": 1}]
    waits = {"task_type": "addresses", "output": {"city": MIXED}, "confidence": 0.1, "llm_calls": calls}
    walker.api("/submissions", waits)
    claim_id: str = walker.api("/claims", key="lea")["claim"]["id"]
    walker.api(f"/claims/{claim_id}/release", key="lea")
    asked = {"claim": claim_id, "seconds": "60", "reason": "other", "note": MIXED}
    made = walker.api("/adjustments", asked, key="lea")
    if by is not None:
        walker.api(f"/adjustments/{made['id']}/grant", {"reply": MIXED}, key=by)
    return claim_id


@pytest.fixture
def ways(site: Site) -> list[str]:
    """The path of every page of a workspace in which there is one of each thing."""
    walker = Walker(site)
    site.add_person("lea", ["admin", "lead", "reviewer", "finance"])
    endpoint, delivery = walker.parked()
    walker.api("/calendars", HOURS)
    walker.api("/groups", {"name": "experts", "skills": ["law"]})
    walker.api("/submissions", {"task_type": "addresses", "output": {"city": MIXED}, "confidence": 0.1})
    walker.api("/exchange-rates", {"base": "EUR", "date": "2026-03-06", "source": "ECB", "rates": {"USD": "1.0832"}})
    walker.api("/rate-cards", {"vendor": "Grüße", "unit": "item", "currency": "USD", "base": "1", "valid_from": SINCE})
    claim_id = _corrected(walker, "zoe")
    _corrected(walker, None)
    walker.api("/claims", key="lea")
    ids = {
        "claim_id": claim_id,
        "calendar_id": walker.api("/calendars", method="GET")["data"][0]["id"],
        "group_id": walker.api("/groups", method="GET")["data"][0]["id"],
        "endpoint_id": endpoint,
        "delivery_id": delivery,
        "person_id": _newest(site, "person", Person),
        "queue_id": _newest(site, "queue", Queue),
        "task_type_id": _newest(site, "task_type", TaskType),
        "item_id": _newest(site, "item", Item),
        "token": site.sign_in_path("ada").rpartition("/")[2],
        "name": "not-found",
    }
    paths = []
    for rule in site.app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api") and rule.endpoint not in NOT_PAGES:
            with site.app.test_request_context():
                built = site.app.url_map.bind("").build(rule.endpoint, {name: ids[name] for name in rule.arguments})
            paths.append(built + ("?name=law" if rule.endpoint == "access.show_skill" else ""))
    assert len(paths) > 30
    # Views of a page that only an address opens.
    return [*sorted(set(paths)), "/review?view=markdown", "/review?view=raw", f"/items?words={quote('Grüße')}"]


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1280, "light")])
def test_every_page_is_clean_and_fits(
    page: Page, second: Page, site: Site, ways: list[str], width: int, scheme: Literal["light", "dark"]
) -> None:
    for one in (page, second):
        one.set_viewport_size({"width": width, "height": 800})
        one.emulate_media(color_scheme=scheme)
    found = {path: _faults(page, path, width) for path in ways if path.startswith(OUTSIDE)}
    sign_in(page, site, "lea")
    assert _faults(second, "/nowhere", width) == ["answered 404"]
    found |= {path: _faults(page, path, width) for path in ways if not path.startswith(OUTSIDE)}
    assert {path: faults for path, faults in found.items() if faults} == {}


def _faults(page: Page, path: str, width: int) -> list[str]:
    answer = page.goto(path)
    faults = [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in Axe().run(page).response["violations"]]
    if answer is None or answer.status != 200:
        faults.append(f"answered {answer and answer.status}")
    if page.evaluate("document.documentElement.scrollWidth") > width:
        faults.append("wider than the screen")
    if page.locator("main h1").count() != 1:
        faults.append("not one heading")
    return faults
