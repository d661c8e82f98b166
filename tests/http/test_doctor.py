"""The doctor over HTTP: who may ask what, what is shown to whom, and what the empty answer of a claim says."""

from typing import Any

import pytest

from app.kernel.ids import show
from tests.factories.site import Site


@pytest.fixture
def site(site: Site) -> Site:
    """Acme with the reviewers Ada and Bob and their lead Zoe; one address waits."""
    site.define_addresses()
    site.add_person("bob", ["reviewer"])
    site.add_person("zoe", ["lead"])
    assert site.submit().status == 201
    return site


def ask(site: Site, key: str, status: int = 200, **about: str) -> dict[str, Any]:
    query = "&".join(f"{name}={value}" for name, value in about.items())
    answer = site.call("GET", f"/doctor?{query}", key=key)
    assert answer.status == status, answer.body
    body: dict[str, Any] = answer.body
    return body


def claim(site: Site, key: str) -> dict[str, Any]:
    body: dict[str, Any] = site.call("POST", "/claims", {}, key=key).body
    return body


def queue_id(site: Site) -> str:
    (queue,) = site.call("GET", "/queues").body["data"]
    return str(queue["id"])


def test_the_empty_answer_says_why_and_when_that_may_change(site: Site) -> None:
    item = claim(site, "bob")["item"]["id"]
    empty = claim(site, "ada")
    assert empty["claim"] is None
    assert empty["why"]["claimed_by_others"] == 1
    assert empty["why"]["waiting"] == 0
    assert (empty["next_due_at"], empty["overdue_leases"], empty["capped"]) == (None, 0, False)
    assert empty["next_expiry_at"] is not None
    assert "leases" not in empty
    (lease,) = claim(site, "zoe")["leases"]
    assert (lease["item"], lease["owner"]["name"], lease["expires_at"]) == (item, "Bob", empty["next_expiry_at"])


def test_a_reviewer_asks_about_herself_and_nobody_else(site: Site) -> None:
    own, named = ask(site, "ada"), ask(site, "ada", person=show("person", site.people["ada"]))
    assert {**own, "counted_at": None} == {**named, "counted_at": None}
    assert (own["person"]["name"], own["free"], own["reasons"], own["obstacles"]) == ("Ada", 1, [], [])
    assert "leases" not in own
    ask(site, "ada", 403, person=show("person", site.people["bob"]))
    ask(site, "read", 403, person=show("person", site.people["bob"]))
    assert ask(site, "zoe", person=show("person", site.people["bob"]))["person"]["name"] == "Bob"
    assert ask(site, "admin", person=show("person", site.people["bob"]))["free"] == 1


def test_people_are_shown_only_to_those_who_may_see_them(site: Site) -> None:
    item = claim(site, "bob")["item"]["id"]
    plain, full = ask(site, "read", item=item), ask(site, "zoe", item=item)
    assert [reason["reason"] for reason in plain["reasons"]] == ["claimed_by_others"]
    assert plain["lease_ends_at"] is not None
    assert not {"holder", "people", "barred", "assigned_to"} & plain.keys()
    assert full["holder"] == "Bob"
    assert {person["name"] for person in full["people"]} == {"Ada", "Bob", "Zoe"}
    assert "leases" not in ask(site, "read", queue=queue_id(site))["queue"]
    assert ask(site, "zoe", queue=queue_id(site))["queue"]["leases"][0]["owner"]["name"] == "Bob"


def test_without_a_scope_that_reads_there_is_nothing_to_ask(site: Site) -> None:
    for key in ("submit", "reports"):
        ask(site, key, 403, queue=queue_id(site))
    assert site.call("GET", "/doctor", key=None).status == 401
    assert site.call("GET", "/queues/" + queue_id(site), key="submit").status == 403


def test_what_is_no_id_or_another_workspaces_is_not_there(site: Site) -> None:
    for about in ("queue", "item", "person"):
        ask(site, "zoe", 404, **{about: "nonsense"})
        ask(site, "zoe", 404, **{about: {"queue": "q", "item": "it", "person": "p"}[about] + "_" + "0" * 32})
    assert site.call("GET", "/queues/q_" + "0" * 32, key="read").status == 404
    ask(site, "zoe", 422, queue=queue_id(site), item="it_" + "0" * 32)
    ask(site, "zoe", 422, nonsense="1")


def test_a_queue_says_what_waits_in_it(site: Site) -> None:
    assert site.submit(deadline="PT30M").status == 201
    queue = site.call("GET", f"/queues/{queue_id(site)}", key="read").body
    assert (queue["name"], queue["waiting"], queue["due_soon"], queue["breached"]) == ("default", 2, 1, 0)
    assert (queue["claimed"], queue["held"], queue["reserved"], queue["capped"]) == (0, 0, 0, False)
    assert queue["oldest_at"] is not None
    assert queue["next_due_at"] is not None
    assert "expected_wait_seconds" not in queue


def test_a_candidate_who_does_not_exist_is_refused_with_a_pointer(site: Site) -> None:
    refused = site.submit(candidates={"users": ["nobody@acme.example"]})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/candidates/users/0")
    assert site.submit(candidates={"users": ["user:42"]}).status == 201
    found = ask(site, "zoe", queue=queue_id(site))
    reasons = {reason["reason"]: reason["items"] for reason in found["reasons"]}
    assert reasons["nobody_eligible"] == 1
    assert all(reason["says"].endswith(".") for reason in found["reasons"])


def test_whoever_pauses_is_told_so_and_keeps_what_she_has(site: Site) -> None:
    site.submit()
    assert site.call("PUT", "/presence", {"state": "paused", "reason": "break"}, key="ada").status == 200
    empty = claim(site, "ada")
    assert (empty["claim"], empty["why"]["paused"]) == (None, 2)
    own = ask(site, "ada")
    assert (own["obstacles"][0]["reason"], own["pause_reason"]) == ("paused", "break")
    assert own["paused_since"] is not None
