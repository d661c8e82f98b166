"""What people may work: their own skills and queues, those of their groups, how much at once, and who decides that."""

from typing import Any

import pytest

from app.kernel.ids import parse, show
from tests.factories.site import Answered, Site, make_site
from tests.factories.work import item_of


@pytest.fixture
def site(site: Site) -> Site:
    """Acme with Ada, who reviews, Zoe, who leads, and the only admin, Root."""
    site.define_addresses(rules=[{"name": "all", "when": "true", "outcome": "review", "skills": ["french"]}])
    site.add_person("zoe", ["lead"])
    site.add_person("root", ["admin"])
    return site


def shown(site: Site, short: str) -> str:
    return show("person", site.people[short])


def change(site: Site, short: str, key: str = "admin", **access: Any) -> Answered:
    return site.call("PATCH", f"/people/{shown(site, short)}", access, key=key)


def claim(site: Site, key: str = "ada") -> Any:
    return site.call("POST", "/claims", {}, key=key).body


def test_a_group_gives_its_members_skills_and_takes_them_with_it(site: Site) -> None:
    site.submit()
    assert claim(site)["why"]["missing_skill"] == 1
    body = {"name": "paris", "skills": ["french"], "members": [shown(site, "ada")]}
    made = site.call("POST", "/groups", body, key="admin")
    assert (made.status, made.body["members"]) == (201, [shown(site, "ada")])
    taken = claim(site)
    assert taken["claim"] is not None
    path = f"/groups/{made.body['id']}"
    assert site.call("DELETE", path, key="admin").status == 200
    assert site.call("GET", path, key="admin").status == 404
    # What she has in hand stays hers.
    assert claim(site)["claim"]["id"] == taken["claim"]["id"]
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"], "verb": "approve"}
    assert site.call("POST", f"/claims/{taken['claim']['id']}/decision", proof, key="ada").status == 200
    site.submit()
    assert claim(site)["why"]["missing_skill"] == 1


def test_a_group_with_a_queue_narrows_its_members_to_it(site: Site) -> None:
    change(site, "ada", skills=["french"])
    site.submit()
    body = {"name": "night", "queues": ["night"], "members": [shown(site, "ada")]}
    group = site.call("POST", "/groups", body, key="admin").body
    assert claim(site)["why"]["other_queue"] == 1
    assert site.call("PUT", f"/groups/{group['id']}", {**body, "members": []}, key="admin").status == 200
    assert claim(site)["claim"] is not None


def test_what_is_kept_ready_is_freed_when_the_access_is_lost(site: Site) -> None:
    change(site, "ada", skills=["french"])
    site.submit()
    assert site.call("POST", "/claims/reservation", {}, key="ada").status == 201
    change(site, "ada", skills=[])
    assert claim(site)["why"]["missing_skill"] == 1


def test_capacity_is_the_most_in_hand(site: Site) -> None:
    assert change(site, "ada", skills=["french"], capacity=2).body["capacity"] == 2
    for _ in range(3):
        site.submit()
    for _ in range(2):
        held = claim(site)["claim"]["id"]
        assert site.call("POST", f"/claims/{held}/hold", {}, key="ada").status == 200
    empty = claim(site)
    assert (empty["claim"], empty["why"]["at_capacity"]) == (None, 1)
    assert change(site, "ada", capacity=None).body["capacity"] is None
    assert claim(site)["claim"] is not None


def test_full_hands_take_no_further_item_by_its_name_either(site: Site) -> None:
    change(site, "ada", skills=["french"], capacity=1)
    sent = [parse("submission", site.submit().body["id"]) for _ in range(3)]
    with site.app.database.unit_of_work() as session:
        first, second, third = (show("item", item_of(session, one).id) for one in sent)
    kept = site.call("POST", "/claims/reservation", {}, key="ada").body["reservation"]["item"]
    assert kept == first
    # What is only kept ready makes room for what she asks for.
    taken = site.call("POST", "/claims", {"item": second}, key="ada")
    assert (taken.status, taken.body["item"]["id"]) == (201, second)
    assert site.call("POST", f"/claims/{taken.body['claim']['id']}/hold", {}, key="ada").status == 200
    refused = site.call("POST", "/claims", {"item": third}, key="ada")
    assert (refused.status, refused.body["type"].rpartition("/")[2]) == (409, "at-capacity")
    # What she holds is hers, however full her hands are.
    assert site.call("POST", "/claims", {"item": second}, key="ada").body["item"]["id"] == second


def test_presence_says_since_when_and_why(site: Site) -> None:
    assert site.call("GET", "/presence", key="ada").body["state"] == "available"
    paused = site.call("PUT", "/presence", {"state": "paused", "reason": "meeting"}, key="ada").body
    again = site.call("PUT", "/presence", {"state": "paused", "reason": "break"}, key="ada").body
    assert (paused["state"], paused["reason"], again["since"]) == ("paused", "meeting", paused["since"])
    assert site.call("GET", "/presence", key="ada").body == again
    back = site.call("PUT", "/presence", {"state": "available"}, key="ada").body
    assert (back["state"], back["since"], back["reason"]) == ("available", None, None)
    assert site.call("PUT", "/presence", {"state": "asleep"}, key="ada").status == 422


def test_roles_are_for_admins_and_the_last_one_stays(site: Site) -> None:
    assert change(site, "root", roles=["reviewer"]).status == 409
    assert change(site, "ada", roles=["admin", "reviewer"]).status == 200
    assert change(site, "root", roles=["reviewer"]).status == 200
    assert change(site, "ada", roles=["reviewer"]).status == 409
    assert change(site, "ada", key="ada", skills=["all"]).status == 403
    assert change(site, "ada", roles=["emperor"]).status == 422
    assert change(site, "ada", capacity=0).status == 422
    assert change(site, "ada", unknown=1).status == 422


def test_other_workspaces_people_and_groups_are_not_there(site: Site) -> None:
    other = make_site(site.app, "Other")
    group = site.call("POST", "/groups", {"name": "paris"}, key="admin").body["id"]
    assert other.call("GET", f"/groups/{group}", key="admin").status == 404
    assert other.call("PUT", f"/groups/{group}", {"name": "theirs"}, key="admin").status == 404
    assert other.call("DELETE", f"/groups/{group}", key="admin").status == 404
    assert other.call("PATCH", f"/people/{shown(site, 'ada')}", {"skills": []}, key="admin").status == 404
    for member in (shown(other, "ada"), "nonsense"):
        refused = site.call("POST", "/groups", {"name": "x", "members": [member]}, key="admin")
        assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/members/0")
    assert site.call("POST", "/groups", {"name": "paris"}, key="admin").status == 409
    assert site.call("GET", "/groups", key="ada").status == 403
