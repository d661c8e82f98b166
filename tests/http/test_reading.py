"""Every thing that can be read by itself or listed is read, and is what was made."""

from typing import Any

import pytest

from tests.factories.site import Site

HOOK = {"name": "team", "url": "https://hooks.example.org/1", "kinds": ["waiting"]}
ENDPOINT = {"url": "https://example.org/hook", "types": ["submission.decided"]}
RATE = {"currency": "EUR", "unit": "hour", "base": "30.00", "valid_from": "2026-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("path", "body", "same"),
    [
        ("/chat-hooks", HOOK, ("name", "kinds")),
        ("/endpoints", ENDPOINT, ("url", "types")),
        ("/groups", {"name": "finance", "skills": ["refunds"]}, ("name", "skills")),
        ("/rate-cards", RATE, ("currency", "valid_from")),
        ("/task-types", {"name": "city", "output_schema": {"type": "object"}}, ("name",)),
        ("/policies", {"task_type": "addresses", "threshold": 0.5}, ()),
        ("/policies", {"task_type": "addresses"}, ()),
        ("/task-types", {"name": "town", "escalation": [{"after": "PT1H", "to": {"leads": True}}]}, ("name",)),
        ("/keys", {"scopes": ["read"]}, ("scopes",)),
        ("/people", {"email": "bo@example.org", "roles": ["reviewer"]}, ("email",)),
        ("/calendars", {"name": "Office", "zone": "Europe/Berlin", "hours": {"mon": [["09:00", "17:00"]]}}, ("name",)),
    ],
)
def test_what_is_made_is_listed_and_read_back(
    site: Site, path: str, body: dict[str, Any], same: tuple[str, ...]
) -> None:
    site.define_addresses()
    made = site.call("POST", path, body)
    assert made.status == 201, made.body
    listed = site.call("GET", path)
    assert listed.status == 200
    (row,) = [one for one in listed.body["data"] if one["id"] == made.body["id"]]
    one = site.call("GET", f"{path}/{row['id']}")
    if one.status in {404, 405}:
        assert path in {"/keys", "/rate-cards", "/endpoints"}
    else:
        assert one.status == 200, one.body
        assert one.body["id"] == row["id"]
    for name in same:
        if name == "valid_from":
            assert row[name] == "2026-01-01T00:00:00.000Z"
        else:
            assert row[name] == body[name]


def test_the_keys_that_sign_and_the_state_of_the_service_need_no_key(site: Site) -> None:
    assert site.call("GET", "/jwks.json", key=None, api="/.well-known").body["keys"] == []
    assert site.call("GET", "/healthz", key=None).body == {"status": "ok"}
    assert site.call("GET", "/readyz", key=None).body["status"] == "ok"


def test_the_next_item_can_be_fetched_ahead(site: Site) -> None:
    site.define_addresses()
    nothing = site.call("POST", "/claims/reservation", {}, key="ada")
    assert (nothing.status, nothing.body["reservation"]) == (200, None)
    site.submit()
    site.submit()
    assert site.call("POST", "/claims", {}, key="ada").body["claim"] is not None
    ahead = site.call("POST", "/claims/reservation", {}, key="ada")
    assert ahead.status == 201
    assert ahead.body["reservation"]["item"].startswith("it_")


def test_a_page_names_the_next_one_in_its_headers(site: Site) -> None:
    site.define_addresses()
    ids = [site.submit().body["id"] for _ in range(3)]
    first = site.call("GET", "/submissions?limit=2&task_type=addresses")
    address, relation = first.headers["Link"].split("; ")
    assert relation == 'rel="next"'
    path = address.strip("<>").partition("/api/v1")[2]
    rest = site.call("GET", path)
    assert [row["id"] for row in first.body["data"] + rest.body["data"]] == ids[::-1]
    assert "Link" not in rest.headers


def test_a_queue_in_which_nothing_ever_waited_has_nothing_due(site: Site) -> None:
    made = site.call("POST", "/queues", {"name": "quiet"})
    assert made.status == 201, made.body
    assert site.call("GET", f"/queues/{made.body['id']}").body["next_due_at"] is None
