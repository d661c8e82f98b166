"""Task types are defined on a page, looked at before they are kept, and say what is wrong with them."""

import re
from typing import Any

import pytest

from app.web.task_type_form import FIELDS
from tests.factories.site import Site
from tests.http.program_walks import TASK_TYPE
from tests.http.test_setup_pages import Browser

CITY = '{"type": "object", "properties": {"city": {"type": "string", "title": "City <b>"}}, "required": ["city"]}'


@pytest.fixture
def admin(site: Site) -> Browser:
    """An admin at her browser."""
    site.add_person("adam", ["admin"])
    return Browser(site, "adam")


def form(**changes: str) -> dict[str, Any]:
    return {**TASK_TYPE, "name": "notes", "output_schema": CITY, **changes}


def newest(site: Site) -> dict[str, Any]:
    found = next(t for t in site.call("GET", "/task-types").body["data"] if t["name"] == "notes")
    assert isinstance(found, dict)
    return found


def test_a_task_type_is_defined_and_a_program_can_submit_at_once(site: Site, admin: Browser) -> None:
    steps = {"after.0": "1 h", "queue.0": "second", "groups.0": "experts", "priority.0": "80", "after.3": "2 h"}
    sent = form(reason_codes="wrong\nunclear", guidelines="# Look twice", unskippable="1", **steps, **{"leads.3": "1"})
    assert admin.post("/admin/task-types", **sent).status_code == 303
    kept = newest(site)
    assert (kept["version"], kept["output_schema"]["required"], kept["sla_seconds"]) == (1, ["city"], 14_400)
    assert (kept["reason_codes"], kept["double_review_rate"], kept["unskippable"]) == (
        ["wrong", "unclear"],
        0.025,
        True,
    )
    assert [(s["after_seconds"], s["to"], s["priority"]) for s in kept["escalation"]] == [
        (3_600, {"queue": "second", "groups": ["experts"]}, 80),
        (7_200, {"leads": True}, None),
    ]
    assert site.call("POST", "/submissions", {"task_type": "notes", "output": {"city": "Bern"}}).status == 201
    assert "notes" in admin.get("/admin/task-types").text


def test_saving_again_makes_the_next_version_and_changes_only_what_was_changed(site: Site, admin: Browser) -> None:
    described = {"name": "notes", "sla": "PT36H", "cap_seconds": 60, "escalation": [{"after": "PT1H", "priority": 90}]}
    made = site.call("POST", "/task-types", described).body
    path = f"/admin/task-types/{made['id']}"
    page = admin.get(path).text
    fields = dict(re.findall(r'<input[^>]* name="([^"]+)" type="text"[^>]* value="([^"]*)"', page))
    chosen = dict(re.findall(r'<select id="([^"]+)".*?<option value="([^"]*)" selected', page, re.DOTALL))
    (tag,) = re.findall(r'name="seen" value="([^"]+)"', page)
    same = {**fields, **chosen, "output_schema": "{}", "act": "save", "seen": tag}
    assert admin.post(path, **{**same, "queue": "night"}).status_code == 303
    kept = newest(site)
    assert (kept["version"], kept["queue"]) == (2, "night")
    changing = ("id", "version", "queue", "created_at")
    assert {k: v for k, v in kept.items() if k not in changing} == {k: v for k, v in made.items() if k not in changing}
    # Whoever still has the first version before her does not overwrite the second without having seen it.
    late = admin.post(path, **{**same, "queue": "day"})
    assert (late.status_code, newest(site)["queue"]) == (422, "night")


def test_the_form_is_looked_at_before_anything_is_kept(site: Site, admin: Browser) -> None:
    shown = admin.post("/admin/task-types", **form(act="preview")).text
    assert ('name="output/city"' in shown, "City &lt;b&gt;" in shown, "made-up example" in shown) == (True, True, True)
    wrong = admin.post("/admin/task-types", **form(act="preview", example='{"city": 3}')).text
    assert "✕ /city: 3 is not of type" in wrong
    assert site.call("GET", "/task-types").body["data"] == []


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", ""),
        ("queue", "x" * 201),
        ("output_schema", "{"),
        ("output_schema", "[]"),
        ("output_schema", '{"type": "none"}'),
        ("output_schema", '{"a": 1, "a": 2}'),
        ("guidelines", "x" * 20_001),
        ("reason_codes", "x" * 201),
        ("double_review_rate", "101"),
        ("double_review_rate", "NaN"),
        ("double_review_rate", "half"),
        ("approvals_required", "0"),
        ("max_reviewers", "١"),
        ("undo_seconds", "1e3"),
        ("cap_seconds", "29"),
        ("sla", "soon"),
        ("claim", "4 s"),
        ("grant", "31 d"),
        ("on_timeout", "wait"),
        ("on_last_timeout", "escalate"),
        ("high_risk_check", "nothing"),
        ("after.0", "later"),
        ("priority.0", "101"),
        ("priority.0", "000000000999"),
        ("queue.0", "x" * 201),
        ("groups.0", "x" * 201),
        ("groups.0", "\n".join(f"group {n}" for n in range(21))),
        ("leads.0", "1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_kept(
    site: Site, admin: Browser, field: str, text: str
) -> None:
    step = {"after.0": "1 h"} if field.endswith(".0") and field != "leads.0" else {}
    refused = admin.post("/admin/task-types", **form(**{**step, field: text}))
    shown = field if field in FIELDS else "escalation"
    assert (refused.status_code, f'id="{shown}-fault"' in refused.text) == (422, True)
    assert site.call("GET", "/task-types").body["data"] == []


def test_a_name_is_given_once_and_others_may_not_define(site: Site, admin: Browser) -> None:
    assert admin.post("/admin/task-types", **form()).status_code == 303
    again = admin.post("/admin/task-types", **form())
    assert (again.status_code, "of this name already" in again.text) == (422, True)
    site.add_person("zoe", ["lead"])
    assert Browser(site, "zoe").get("/admin/task-types").status_code == 403


@pytest.mark.parametrize("path", ["/admin/task-types", "/admin/task-types/new"])
def test_empty_pages_say_what_to_do(admin: Browser, path: str) -> None:
    page = admin.get(path)
    assert (page.status_code, "ask type" in page.text) == (200, True)
