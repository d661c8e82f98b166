"""Whoever loses an item keeps what she typed: she finds it on the home page and on the page of the item."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.kernel.db import Database
from app.queue.models import Claim
from tests.factories.site import Site
from tests.http.authenticator import Browser

SPOOFED = "inv\u202eoice"


@pytest.fixture
def ada(site: Site) -> Browser:
    """Ada at her browser, with an address open."""
    site.define_addresses()
    site.add_person("bob", ["reviewer"])
    site.submit(external_id=SPOOFED)
    browser = Browser(site)
    browser.post(site.sign_in_path("ada"))
    browser.post("/review/take")
    return browser


def _lapse(database: Database) -> None:
    with database.unit_of_work() as session:
        session.execute(update(Claim).values(expires_at=Claim.claimed_at + timedelta(microseconds=1)))


def _claim(browser: Browser) -> tuple[str, dict[str, str]]:
    page = browser.get("/review")
    proof = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("token", "content_sha256")}  # type: ignore[index]
    return re.search(r'data-claim="(\w+)"', page)[1], proof  # type: ignore[index]


def test_a_draft_of_an_item_that_somebody_else_has_now_is_found_again(
    ada: Browser, site: Site, database: Database
) -> None:
    claim, proof = _claim(ada)
    typed = {**proof, "output/city": "Lyon & <b>more</b>"}
    assert ada.post(f"/review/{claim}/draft", **typed).status_code == 303
    # While she has it, it stands at the desk and nowhere else.
    assert "could not hand in" not in ada.get("/")
    _lapse(database)
    assert site.call("POST", "/claims", {}, key="bob").status == 201
    home = ada.get("/")
    assert "Drafts that you could not hand in" in home
    link = re.search(r'href="(/items/it_\w+)#draft"', home)
    assert link is not None
    page = ada.get(link[1])
    assert "Lyon &amp; &lt;b&gt;more" in page
    assert "content_sha256" not in page.partition('id="draft"')[2].partition("</section>")[0]
    bob = Browser(site)
    bob.post(site.sign_in_path("bob"))
    assert "could not hand in" not in bob.get("/")
    assert "Lyon" not in bob.get(link[1])


def test_a_verdict_that_came_too_late_is_found_again(ada: Browser, site: Site, database: Database) -> None:
    claim, proof = _claim(ada)
    _lapse(database)
    assert site.call("POST", "/claims", {}, key="bob").status == 201
    late = ada.post(
        f"/review/{claim}/decide",
        **proof,
        verb="correct",
        reason_codes="wrong_city",
        note="moved",
        **{"output/city": "Lyon"},
    )
    assert late.status_code == 409
    link = re.search(r'href="(/items/it_\w+)#draft"', late.get_data(as_text=True))
    assert link is not None
    assert "U+202E" in late.get_data(as_text=True)
    page = ada.get(link[1]).partition('id="draft"')[2].partition("</section>")[0]
    assert all(word in page for word in ("Lyon", "moved", "wrong_city"))
    assert "/items/" in ada.get("/")


@pytest.mark.parametrize(
    "draft",
    [
        {"mine": [1, 2]},
        {"fields": "mine"},
        {"fields": {"n": 5, "other": ["mine", None], "/": {"a": 1}}},
        {"verb": "mine", "output": 1, "message": [], "note": {}, "reason_codes": 5, "actions": [7]},
    ],
)
def test_what_a_program_kept_as_a_draft_is_shown_as_it_is(
    site: Site, database: Database, ada: Browser, draft: dict[str, object]
) -> None:
    claim, _ = _claim(ada)
    assert site.call("POST", f"/claims/{claim}/draft", {"draft": draft}, key="ada").status == 200
    _lapse(database)
    assert site.call("POST", "/claims", {}, key="bob").status == 201
    link = re.search(r'href="(/items/it_\w+)#draft"', ada.get("/"))
    assert link is not None
    assert "mine" in ada.get(link[1]).partition('id="draft"')[2].partition("</section>")[0]
