"""Endpoints and what was handed to them, over HTTP: change, new secret, every try, and sending it again."""

from typing import Any

import pytest
from sqlalchemy import text
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from app.adapters.http_sender import HttpSender
from app.kernel.db import Database
from tests.factories.site import Site
from tests.workers.receivers import listening, reply
from workers.deliveries import send_due
from workers.task import Tools


@pytest.fixture
def tools(database: Database) -> Tools:
    """What a worker sends with."""
    return Tools(database, HttpSender(allow_private=True))


def registered(site: Site, url: str) -> dict[str, Any]:
    """Register an endpoint, and have a task type whose decisions it gets."""
    site.define_addresses()
    made = site.call("POST", "/endpoints", {"url": url})
    assert made.status == 201, made.body
    body: dict[str, Any] = made.body
    return body


def decide(site: Site, endpoint: str) -> str:
    """Have an output approved whose decision goes to an endpoint."""
    submission: str = site.submit(0.5, endpoint=endpoint).body["id"]
    taken = site.call("POST", "/claims", {}, key="ada").body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    done = site.call("POST", f"/claims/{taken['claim']['id']}/decision", {"verb": "approve", **proof}, key="ada")
    assert done.status == 200
    return submission


def test_while_a_secret_is_replaced_a_receiver_may_use_either(site: Site, tools: Tools) -> None:
    with listening(reply(204)) as receiver:
        endpoint = registered(site, receiver.url)
        path = f"/endpoints/{endpoint['id']}"
        rotated = site.call("POST", f"{path}/rotate", {})
        assert rotated.status == 200
        assert rotated.body["secret"] != endpoint["secret"]
        decide(site, endpoint["id"])
        send_due(tools)
        for secret in (endpoint["secret"], rotated.body["secret"]):
            assert Webhook(secret).verify(receiver.body(), receiver.headers())
        assert len(receiver.headers()["webhook-signature"].split()) == 2
        again = site.call("POST", f"{path}/rotate", {"overlap_seconds": 0}).body["secret"]
        decide(site, endpoint["id"])
        send_due(tools)
        assert Webhook(again).verify(receiver.body(), receiver.headers())
        with pytest.raises(WebhookVerificationError):
            Webhook(rotated.body["secret"]).verify(receiver.body(), receiver.headers())
    assert "secret" not in site.call("GET", path).body


def test_every_try_is_kept_and_what_was_parked_is_sent_again_with_the_same_bytes(
    site: Site, tools: Tools, database: Database
) -> None:
    with listening(reply(500)) as receiver:
        endpoint = registered(site, receiver.url)
        submission = decide(site, endpoint["id"])
        send_due(tools)
        with database.unit_of_work() as session:
            session.execute(text("UPDATE deliveries SET attempts = 9, next_attempt_at = clock_timestamp()"))
        send_due(tools)
        first = (receiver.body(), receiver.headers()["webhook-id"])
    (row,) = site.call("GET", f"/deliveries?submission={submission}").body["data"]
    assert row["state"] == "parked"
    whole = site.call("GET", f"/deliveries/{row['id']}").body
    assert [one["status_code"] for one in whole["attempts"]] == [500, 500]
    with listening(reply(204)) as receiver:
        moved = site.call("PATCH", f"/endpoints/{endpoint['id']}", {"url": receiver.url})
        assert (moved.status, moved.body["url"]) == (200, receiver.url)
        assert site.call("POST", f"/deliveries/{row['id']}/replay", {}).body["state"] == "due"
        assert site.call("POST", f"/deliveries/{row['id']}/replay", {}).status == 409
        send_due(tools)
        assert (receiver.body(), receiver.headers()["webhook-id"]) == first
    assert site.call("GET", f"/deliveries/{row['id']}").body["state"] == "delivered"


def test_a_range_of_parked_deliveries_is_sent_again_at_once(site: Site, tools: Tools) -> None:
    endpoint = registered(site, "http://127.0.0.1:9/")
    path = f"/endpoints/{endpoint['id']}"
    for _ in range(3):
        decide(site, endpoint["id"])
    assert site.call("DELETE", path).body["health"] == "disabled"
    send_due(tools)
    assert len(site.call("GET", f"/deliveries?endpoint={endpoint['id']}&state=parked").body["data"]) == 3
    everything = {"since": "2026-01-01T00:00:00Z"}
    assert site.call("POST", f"{path}/replay", everything).status == 409
    assert site.call("PATCH", path, {"enabled": True}).body["health"] == "healthy"
    assert site.call("POST", f"{path}/replay", {**everything, "until": "2026-01-02T00:00:00Z"}).body["replayed"] == 0
    assert site.call("POST", f"{path}/replay", everything).body == {"replayed": 3, "more": False}
    assert len(site.call("GET", "/deliveries?state=due").body["data"]) == 3


def test_a_dead_receiver_rests_and_its_deliveries_keep_their_tries(site: Site, tools: Tools) -> None:
    with listening(reply(503)) as dead, listening(reply(204)) as alive:
        endpoint = registered(site, dead.url)
        for _ in range(24):
            decide(site, endpoint["id"])
        send_due(tools)
        state = site.call("GET", f"/endpoints/{endpoint['id']}").body
        assert state["health"] == "resting"
        assert state["resting_until"] is not None
        rows = site.call("GET", "/deliveries?state=due").body["data"]
        assert len(rows) == 24
        assert all(row["next_try_at"] >= state["resting_until"] for row in rows)
        assert 0 in {row["tries"] for row in rows}
        other = site.call("POST", "/endpoints", {"url": alive.url}).body["id"]
        decide(site, other)
        send_due(tools)
        assert len(site.call("GET", f"/deliveries?endpoint={other}&state=delivered").body["data"]) == 1


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"/endpoints/ep_{'0' * 32}", None),
        ("PATCH", f"/endpoints/ep_{'0' * 32}", {"enabled": True}),
        ("POST", f"/endpoints/ep_{'0' * 32}/rotate", {}),
        ("POST", f"/endpoints/ep_{'0' * 32}/replay", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"/deliveries/msg_{'0' * 32}", None),
        ("POST", f"/deliveries/msg_{'0' * 32}/replay", {}),
    ],
)
def test_what_is_not_there_is_404(site: Site, method: str, path: str, body: Any) -> None:
    assert site.call(method, path, body).status == 404
