"""A lead watches the floor, gives work on without losing a half-filled form, and sets a calendar up."""

import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from app.kernel.clock import read_now
from app.review.service import measure_loads
from tests.browser.signing_in import sign_in
from tests.factories.site import Site


def _at_work(site: Site) -> None:
    """Let Ada have an item in hand, another one wait, and Lea lead."""
    site.define_addresses()
    site.add_person("lea", ["lead", "admin"])
    site.submit()
    site.submit(external_id="a-2")
    site.call("POST", "/claims", {}, key="ada")
    with site.app.database.unit_of_work() as session:
        measure_loads(session, now=read_now(session))


def _is_clean(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(v["id"], v["nodes"][0]["html"]) for v in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]  # every page here has one


def test_work_is_given_on_from_the_floor(page: Page, site: Site) -> None:
    _at_work(site)
    sign_in(page, site, "lea")
    page.get_by_role("link", name="Floor").click()
    _is_clean(page)
    row = page.get_by_role("row", name=re.compile("Ada"))
    expect(row).to_contain_text("open")
    row.get_by_role("combobox").select_option(label="Lea")
    row.get_by_role("button", name="Give").click()
    expect(page.get_by_text("Given to that person")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Lea"))).to_contain_text("given by name")
    expect(page.get_by_role("row", name=re.compile("Ada"))).to_contain_text("Nothing in hand")


def test_the_floor_changes_around_a_form_that_is_being_filled(page: Page, site: Site) -> None:
    _at_work(site)
    sign_in(page, site, "lea")
    page.clock.install()
    page.goto("/floor")
    chosen = page.get_by_role("row", name=re.compile("Ada")).get_by_role("combobox")
    chosen.select_option(label="Lea")
    # Meanwhile Lea takes the other item through a program.
    site.call("POST", "/claims", {}, key="lea")
    with page.expect_response(re.compile("/floor$")):
        page.clock.run_for(11_000)
    expect(page.get_by_role("row", name=re.compile("^Lea"))).to_contain_text("open")
    expect(chosen.locator("option:checked")).to_have_text("Lea")


def test_a_calendar_is_set_up_and_given_to_a_queue(page: Page, site: Site) -> None:
    _at_work(site)
    sign_in(page, site, "lea")
    page.goto("/admin/calendars/new")
    _is_clean(page)
    page.get_by_label("Name").fill("Munich")
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_label("Public holidays of").fill("DE")
    page.get_by_label("Monday").fill("9-12, 13:00-17:30")
    page.get_by_role("button", name="Show what follows").click()
    expect(page.get_by_text("not saved yet")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("4 hours"))).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Monday")).to_have_value("09:00-12:00, 13:00-17:30")
    page.get_by_role("navigation", name="Set-up").get_by_role("link", name="Queues").click()
    page.get_by_role("link", name="default").click()
    page.get_by_label("Deadlines count").select_option(label="in the hours of Munich")
    page.get_by_label("Hand nothing out").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="See what waits in it").click()
    expect(page.get_by_text("Paused", exact=False).first).to_be_visible()
    expect(page.get_by_text("in the hours of Munich")).to_be_visible()


def test_every_page_of_the_set_up_is_clean_on_a_narrow_screen(page: Page, site: Site) -> None:
    _at_work(site)
    group = site.call("POST", "/groups", {"name": "Lawyers", "skills": ["law"], "members": []}).body["id"]
    (queue,) = site.call("GET", "/queues").body["data"]
    sign_in(page, site, "lea")
    page.set_viewport_size({"width": 360, "height": 800})
    for path in (
        "/queue",
        f"/queue/{queue['id']}",
        "/floor",
        "/admin/queues",
        f"/admin/queues/{queue['id']}",
        "/admin/calendars",
        "/admin/people",
        "/admin/groups",
        f"/admin/groups/{group}",
        "/admin/skills",
        "/admin/skills/one?skill=law",
    ):
        page.goto(path)
        _is_clean(page)


def test_every_page_of_those_who_administer_is_clean_on_a_narrow_screen(page: Page, site: Site) -> None:
    site.define_addresses()
    site.add_person("adam", ["admin", "reviewer"])
    sign_in(page, site, "adam")
    page.set_viewport_size({"width": 360, "height": 800})
    for path in ("/admin/task-types/new", "/admin/task-types", "/admin/keys", "/admin/endpoints", "/admin/chat-hooks"):
        page.goto(path)
        _is_clean(page)
    page.goto("/admin/task-types")
    page.get_by_role("link", name="addresses").click()
    page.get_by_role("button", name="Look at the form").click()
    expect(page.get_by_text("With a made-up example")).to_be_visible()
    _is_clean(page)
    page.goto("/admin/keys")
    page.get_by_label("Name").fill("import")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("status")).to_contain_text("pd_")
    _is_clean(page)
    page.goto("/admin/people")
    page.get_by_role("link", name="Ada", exact=True).click()
    expect(page.get_by_role("heading", name="Why Ada gets nothing")).to_be_visible()
    _is_clean(page)
