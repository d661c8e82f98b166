"""A draft may hold anything that somebody posts: it is kept or refused, and the desk goes on."""

from typing import Any

import pytest

from tests.factories.site import BASE, Site
from tests.http.test_setup_pages import Browser

LINES = {"type": "object", "properties": {"lines": {"type": "array", "items": {"type": "string"}}}}
OUTPUT = {"lines": ["a longer line that is worth a box of its own\nand another", "b"]}


@pytest.fixture
def desk(site: Site) -> tuple[Browser, str]:
    """Ada at her desk with a list to judge, and the path of her claim."""
    site.call("POST", "/task-types", {"name": "lists", "output_schema": LINES})
    site.call("POST", "/submissions", {"task_type": "lists", "output": OUTPUT, "confidence": 0.1})
    browser = Browser(site, "ada")
    browser.post("/review/take")
    page = browser.get("/review").get_data(as_text=True)
    return browser, page.partition('data-draft-url="')[2].partition('"')[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"output/lines/0": "a longer line that was changed\nand another"},
        {"output/lines/0": ["two", "texts"]},
        {"output/lines": "1,0"},
        {"output/lines": "9,9,-1,x"},
        {"output/lines": ["0", "1"]},
        {"output": "a text where a group is"},
        {"args.0/x": "an action that is not there", "opened": ["0", "x", "99999999"], "verb.7": "approve"},
        {"opened": "-1", "note": "\u202e" * 500, "message": ""},
        {"": "", "\u0000": "x", "x" * 5_000: "y"},
        {"output/lines/0": [{"not": "a text"}], "opened": [7], "output/lines": [["0"]]},
        {"output/lines/0": {"not": "a text"}, "output/lines/1": 7, "output/lines/2": None},
    ],
)
def test_whatever_is_kept_is_shown_again(site: Site, desk: tuple[Browser, str], fields: dict[str, Any]) -> None:
    browser, path = desk
    kept = browser.post_json(path, {"token": "1", "fields": fields})
    assert kept.status_code in (200, 400), kept.get_data(as_text=True)
    for view in ("text", "markdown", "raw", "none"):
        assert browser.get(f"/review?view={view}").status_code == 200


def test_a_script_learns_what_was_changed_word_by_word(desk: tuple[Browser, str]) -> None:
    browser, path = desk
    text = "a longer line that is worth a box of its own\nand one more"
    answer = browser.post_json(path, {"token": "1", "fields": {"output/lines/0": text}}).get_json()
    (pieces,) = answer["changes"].values()
    assert [(p["how"], p["parts"][0]["text"]) for p in pieces[1:]] == [("removed", "another"), ("added", "one more")]


def test_a_form_as_large_as_the_output_may_be_is_taken_and_a_larger_one_refused(
    site: Site, desk: tuple[Browser, str]
) -> None:
    browser, path = desk
    long = "é" * 400_000
    assert browser.post(path, **{"output/lines/0": long}).status_code == 303
    assert long in browser.get("/review").get_data(as_text=True)
    assert browser.post(path, **{"output/lines/0": long * 3}).status_code == 413
    small = site.app.test_client().post("/login", data={"email": "x" * 70_000}, base_url=BASE, headers={"Origin": BASE})
    assert small.status_code == 413
