"""The numbers for whoever watches: for a key of that scope, and for a program on the same machine."""

import re

from sqlalchemy import text

from app.audit.rules import COMMAND
from app.identity.service import create_key
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.factories.site import BASE, Site


def numbers(site: Site, **headers: str) -> dict[str, float]:
    """Return the numbers as Prometheus reads them."""
    answer = site.app.test_client().get("/api/v1/metrics", base_url=BASE, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    lines = answer.get_data(as_text=True).splitlines()
    return {name: float(value) for name, value in (line.split() for line in lines if not line.startswith("#"))}


def test_what_waits_and_how_late_it_is_can_be_read_on_the_machine_itself(site: Site, database: Database) -> None:
    quiet = numbers(site)
    assert quiet["proofdesk_deliveries_due"] == quiet["proofdesk_feed_late_seconds"] == 0
    assert all(re.fullmatch(r"proofdesk_[a-z_]+", name) for name in quiet)
    site.define_addresses()
    endpoint = site.call("POST", "/endpoints", {"url": "https://example.com/hook"}).body["id"]
    site.submit(0.5, endpoint=endpoint)
    taken = site.call("POST", "/claims", {}, key="ada").body
    assert numbers(site)["proofdesk_claims_live"] == 1
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"], "verb": "approve"}
    site.call("POST", f"/claims/{taken['claim']['id']}/decision", proof, key="ada")
    with database.unit_of_work() as session:
        session.execute(text("UPDATE deliveries SET next_attempt_at = next_attempt_at - interval '1 minute'"))
    found = numbers(site)
    assert found["proofdesk_deliveries_due"] == 1
    assert 60 <= found["proofdesk_deliveries_late_seconds"] < 120
    assert found["proofdesk_feed_late_seconds"] > 0
    assert found["proofdesk_trail_lag_seconds"] > 0


def test_from_elsewhere_a_key_of_the_scope_is_needed(site: Site, database: Database) -> None:
    browser = site.app.test_client()
    through_a_proxy = {"X-Forwarded-For": "203.0.113.7"}
    assert browser.get("/api/v1/metrics", base_url=BASE, headers=through_a_proxy).status_code == 401
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert browser.get("/api/v1/metrics", base_url=BASE, environ_overrides=elsewhere).status_code == 401
    wrong = {"Authorization": f"Bearer {site.keys['read']}"}
    assert browser.get("/api/v1/metrics", base_url=BASE, headers=wrong).status_code == 403
    with database.unit_of_work() as session:
        now = read_now(session)
        key = create_key(session, now=now, actor=COMMAND, workspace_id=site.workspace_id, scopes=["metrics"]).text
    assert "proofdesk_items_waiting" in numbers(site, **through_a_proxy, Authorization=f"Bearer {key}")
