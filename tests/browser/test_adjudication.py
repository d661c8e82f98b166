"""Two judge independently and disagree; a lead sees both side by side, takes one into the form, and decides."""

import re
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.factories.site import ADDRESS_SCHEMA, Site


def _drawn(site: Site) -> str:
    """Submit an address that two people judge, and the third is a lead."""
    site.call(
        "POST",
        "/task-types",
        {"name": "addresses", "output_schema": ADDRESS_SCHEMA, "double_review_rate": 1, "max_reviewers": 2},
    )
    site.add_person("bob", ["reviewer"])
    site.add_person("lea", ["lead"])
    return str(site.submit(None).body["id"])


def _vote(site: Site, who: str, **verdict: Any) -> None:
    taken = site.call("POST", "/claims", {}, key=who).body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    answer = site.call("POST", f"/claims/{taken['claim']['id']}/decision", {**proof, **verdict}, key=who)
    assert answer.body == {"id": None, "status": "voted", "late": False}


def _take(page: Page, site: Site, who: str) -> None:
    page.goto(site.sign_in_path(who))
    page.get_by_role("button", name=re.compile("sign in", re.IGNORECASE)).click()
    page.get_by_role("button", name="Take the next item").click()
    page.wait_for_url("**/review*")


def _disagree(site: Site) -> str:
    submission = _drawn(site)
    _vote(site, "ada", verb="correct", output={"city": "Lyon", "zip": "69001"})
    _vote(site, "bob", verb="reject", message="No such place.")
    return submission


def test_whoever_judges_independently_is_told_so_and_learns_nothing(page: Page, site: Site) -> None:
    _drawn(site)
    _vote(site, "ada", verb="correct", output={"city": "Lyon", "zip": "69001"})
    _take(page, site, "bob")
    expect(page.get_by_text("You judge this independently")).to_be_visible()
    expect(page.get_by_label("city")).to_have_value("Paris")
    assert "Lyon" not in page.content()
    page.get_by_role("button", name=re.compile("^Approve")).click()
    expect(page.get_by_text("Noted.", exact=True)).to_be_visible()


def test_an_answer_is_put_into_the_form_and_changed_before_it_decides(page: Page, site: Site) -> None:
    submission = _disagree(site)
    _take(page, site, "lea")
    answers = page.locator(".answers")
    expect(answers.get_by_role("heading", name="They disagree")).to_be_visible()
    city = answers.get_by_role("row", name=re.compile("^city"))
    expect(city).to_contain_text("Lyon")
    expect(city).to_contain_text("changed")
    assert not {"Ada", "Bob"} & set(re.findall(r"\w+", page.content()))
    assert Axe().run(page).response["violations"] == []
    (letter,) = [one for one in "AB" if "Lyon" in city.get_by_role("cell").nth(1 + "AB".index(one)).inner_text()]
    answers.get_by_label(f"Answer {letter}").check()
    answers.get_by_role("button", name="Put it into the form").click()
    expect(page.get_by_text(f"The form below holds answer {letter}")).to_be_visible()
    expect(page.get_by_label("city")).to_have_value("Lyon")
    page.get_by_label("zip").fill("69002")
    page.get_by_role("button", name=re.compile("Submit correction")).click()
    expect(page.get_by_text("Corrected.")).to_be_visible()
    decision = site.call("GET", f"/submissions/{submission}?wait=20").body["decision"]
    assert (decision["output"], decision["adjudication"]) == (
        {"city": "Lyon", "zip": "69002"},
        {"answers": 2, "adopted": None},
    )


def test_an_answer_is_taken_up_as_it_is_without_scripts(browser: Browser, served: str, site: Site) -> None:
    submission = _disagree(site)
    plain = browser.new_context(base_url=served, java_script_enabled=False)
    page = plain.new_page()
    _take(page, site, "lea")
    answers = page.locator(".answers")
    row = answers.get_by_role("row", name=re.compile("^Verdict"))
    (letter,) = [one for one in "AB" if "reject" in row.get_by_role("cell").nth(1 + "AB".index(one)).inner_text()]
    answers.get_by_role("button", name="Decide with it as it is").click()
    expect(page.get_by_text("Choose one of the answers")).to_be_visible()
    answers.get_by_label(f"Answer {letter}").check()
    answers.get_by_role("button", name="Decide with it as it is").click()
    expect(page.get_by_text("Rejected.")).to_be_visible()
    decision = site.call("GET", f"/submissions/{submission}?wait=20").body["decision"]
    assert (decision["message"], decision["adjudication"]) == ("No such place.", {"answers": 2, "adopted": letter})
    plain.close()


def test_the_answers_fit_a_telephone(page: Page, site: Site) -> None:
    _disagree(site)
    page.set_viewport_size({"width": 360, "height": 780})
    _take(page, site, "lea")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 360
