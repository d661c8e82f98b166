"""An item's page says who did what, also by key and without anybody, and to whom it belongs that it is at work."""

import re
from html import unescape

import pytest

from tests.factories.site import BASE, Site

RISKY = {"name": "refund", "args": {"amount": 70}, "risk": {"level": "high"}}


def look(site: Site, short: str, item: str) -> str:
    """Return the text of an item's page as a person sees it."""
    browser = site.app.test_client()
    browser.post(site.sign_in_path(short), base_url=BASE, headers={"Origin": BASE})
    return browser.get(f"/items/{item}", base_url=BASE).get_data(as_text=True)


def story(page: str) -> list[tuple[str, str]]:
    """Return the rows of the story: what happened, and who did it."""
    told = page.partition('id="history"')[2]
    cells = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", told, flags=re.S)]
    rows = [unescape(" ".join(cell.split())) for cell in cells]
    return [(what, who) for _, what, who in zip(rows[::3], rows[1::3], rows[2::3], strict=True)]


@pytest.fixture
def taken(site: Site) -> dict[str, dict[str, str]]:
    """An item that Ada has at work by her key."""
    site.add_person("lea", ["lead", "reviewer"])
    assert site.call("POST", "/task-types", {"name": "refunds", "undo_seconds": 0}).status == 201
    site.call("POST", "/submissions", {"task_type": "refunds", "actions": [RISKY]})
    taken: dict[str, dict[str, str]] = site.call("POST", "/claims", {}, key="ada").body
    return taken


def test_acts_by_key_and_of_nobody_have_their_who(site: Site, taken: dict[str, dict[str, str]]) -> None:
    rows = story(look(site, "lea", taken["item"]["id"]))
    assert [what.split(" (")[0] for what, _ in rows] == ["It came in", "It was taken"]
    assert all(who.endswith("(by key)") for _, who in rows)
    assert rows[1][1] == "Ada (by key)"


def test_that_an_approved_call_was_carried_out_belongs_to_the_story(
    site: Site, taken: dict[str, dict[str, str]]
) -> None:
    shown = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    path = f"/claims/{taken['claim']['id']}/decision"
    assert site.call("POST", path, {**shown, "verb": "approve"}, key="ada").status == 200
    (action,) = site.call("GET", f"/submissions/{taken['item']['submission_id']}").body["decision"]["actions"]
    assert "carried out" not in look(site, "lea", taken["item"]["id"])
    redeemed = {"grant": action["grant"], "args_sha256": action["args_sha256"]}
    assert site.call("POST", "/grants/redeem", redeemed).status == 200
    what, who = story(look(site, "lea", taken["item"]["id"]))[-1]
    assert what == "It had an approved call carried out: its grant was used (c1)"
    assert who.endswith("(by key)")


def test_whoever_has_it_at_work_is_not_told_that_somebody_else_has(
    site: Site, taken: dict[str, dict[str, str]]
) -> None:
    assert "Somebody else is at work on it." in look(site, "lea", taken["item"]["id"])
    own = look(site, "ada", taken["item"]["id"])
    assert "You are at work on it." in own
    assert "Somebody else" not in own


def test_what_a_decision_changed_and_why_is_shown_to_whoever_may_read(
    site: Site, taken: dict[str, dict[str, str]]
) -> None:
    verdict = {
        "token": taken["claim"]["token"],
        "content_sha256": taken["item"]["content_sha256"],
        "note": "half of it",
    }
    edited = {"call_id": "c1", "verb": "edit", "args": {"amount": 35}}
    path = f"/claims/{taken['claim']['id']}/decision"
    assert site.call("POST", path, {**verdict, "actions": [edited]}, key="ada").status == 200
    page = re.sub(r"</?(bdi|div)[^>]*>", "", look(site, "lea", taken["item"]["id"]))
    changed = page.partition('id="changes"')[2].partition("</section>")[0]
    assert ("<del>70</del>" in changed, "<ins>35</ins>" in changed) == (True, True)
    said = page.partition('id="votes"')[2].partition("</section>")[0]
    assert ("Ada" in said, "half" in said) == (True, True)
