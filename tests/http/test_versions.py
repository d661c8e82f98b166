"""Whoever changes settings may say which state she saw; a change over another state is refused, and changes nothing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.kernel.ids import show
from tests.factories.site import Site

HOURS = {"mon": [["09:00", "17:00"]]}
Changed = Callable[[str], dict[str, Any]]


# Of what is made by a POST: its path, the verb that changes it, bodies that do, and a member that shows which.
MADE: dict[str, tuple[str, str, Changed, str]] = {
    "calendar": ("/calendars", "PUT", lambda word: {"name": word, "zone": "UTC", "hours": HOURS}, "name"),
    "group": ("/groups", "PUT", lambda word: {"name": word, "members": []}, "name"),
    "queue": ("/queues", "PUT", lambda word: {"name": "finance", "skip_reasons": [word]}, "skip_reasons"),
    "endpoint": ("/endpoints", "PATCH", lambda word: {"url": f"https://example.com/{word}"}, "url"),
}


def make(site: Site, kind: str) -> tuple[str, str, Changed, str]:
    """Return the path of a thing, the verb that changes it, bodies that change it, and a member that shows which."""
    if kind == "person":
        person_id = show("person", site.people["ada"])
        return f"/people/{person_id}", "PATCH", lambda word: {"skills": [word]}, "skills"
    if kind not in MADE:
        return "/me/notifications", "PUT", lambda word: {"zone": f"Europe/{word}"}, "zone"
    path, verb, body, member = MADE[kind]
    types = {"types": ["submission.decided"]} if kind == "endpoint" else {}
    made = site.call("POST", path, {**body("first"), **types})
    assert made.status == 201
    return f"{path}/{made.body['id']}", verb, body, member


KINDS = ["calendar", "group", "queue", "endpoint", "person"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_change_over_what_was_read_is_made_and_over_anything_else_refused(site: Site, kind: str) -> None:
    path, verb, body, member = make(site, kind)
    read = site.call("GET", path).headers["ETag"]
    changed = site.call(verb, path, body("second"), If_Match=read)
    assert changed.status == 200
    assert changed.headers["ETag"] == site.call("GET", path).headers["ETag"] != read
    stale = site.call(verb, path, body("third"), If_Match=read)
    assert stale.status == 412
    assert stale.body["type"].endswith("/changed-meanwhile")
    assert site.call("GET", path).headers["ETag"] == changed.headers["ETag"]
    assert "second" in str(changed.body[member])
    for good in ("*", f'"nothing", {changed.headers["ETag"]}'):
        assert site.call(verb, path, body("second"), If_Match=good).status == 200
    assert site.call(verb, path, body("second"), If_Match="nonsense").status == 412
    assert site.call(verb, path, body("fourth")).status == 200


@pytest.mark.parametrize("kind", ["calendar", "group", "endpoint"])
def test_what_changed_meanwhile_is_not_removed(site: Site, kind: str) -> None:
    path, verb, body, _ = make(site, kind)
    read = site.call("GET", path).headers["ETag"]
    now = site.call(verb, path, body("second")).headers["ETag"]
    assert site.call("DELETE", path, If_Match=read).status == 412
    assert site.call("GET", path).headers["ETag"] == now
    assert site.call("DELETE", path, If_Match=now).status in {200, 204}


def test_own_choices_have_a_tag_too(site: Site) -> None:
    read = site.call("GET", "/me/notifications", key="ada").headers["ETag"]
    choice = {"modes": {}, "zone": "Europe/Berlin", "daily_at": "08:00"}
    assert site.call("PUT", "/me/notifications", choice, key="ada", If_Match=read).status == 200
    assert site.call("PUT", "/me/notifications", choice, key="ada", If_Match=read).status == 412


def test_of_many_who_saw_the_same_one_makes_the_change(site: Site) -> None:
    path, verb, body, _ = make(site, "group")
    read = site.call("GET", path).headers["ETag"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: site.call(verb, path, body(f"name {n}"), If_Match=read), range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [412] * 7


def test_what_moves_by_itself_is_no_change(site: Site) -> None:
    path, _, _, _ = make(site, "queue")
    read = site.call("GET", path).headers["ETag"]
    site.define_addresses()
    waiting = {"task_type": "addresses", "output": {"city": "Pariss"}, "confidence": 0.1}
    assert site.call("POST", "/submissions", waiting).status == 201
    assert site.call("GET", path).headers["ETag"] == read
