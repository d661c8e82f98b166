"""High risk at the doors: a second person where the task type says so, whichever door a submission comes through."""

import pytest
from sqlalchemy import select

from app.queue.models import Item
from tests.factories.site import Site
from tests.http.test_setup_pages import Browser

ALL = {"name": "all", "when": "true", "outcome": "review"}


@pytest.mark.parametrize(
    ("check", "level", "approvals"),
    [
        ("typed", "high", 1),
        ("second_person", "low", 1),
        ("second_person", "high", 2),
    ],
)
def test_a_second_person_is_asked_where_its_type_says_so(site: Site, check: str, level: str, approvals: int) -> None:
    site.call("POST", "/task-types", {"name": "refunds", "high_risk_check": check})
    policy = site.call("POST", "/policies", {"task_type": "refunds", "rules": [ALL]}).body["id"]
    assert site.call("POST", f"/policies/{policy}/publish", {}).status == 200
    action = {"name": "refund", "args": {}, "risk": {"level": level}}
    site.call("POST", "/submissions", {"task_type": "refunds", "actions": [action], "confidence": 0.1})
    with site.app.database.unit_of_work() as session:
        assert session.scalars(select(Item.approvals_required)).all() == [approvals]


def test_a_check_that_is_none_is_refused(site: Site) -> None:
    refused = site.call("POST", "/task-types", {"name": "refunds", "high_risk_check": "nothing"})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/high_risk_check")


def test_a_lead_who_overturns_types_the_name_before_it_runs(site: Site) -> None:
    site.add_person("lea", ["lead", "reviewer"])
    site.call("POST", "/task-types", {"name": "refunds", "undo_seconds": 0})
    policy = site.call("POST", "/policies", {"task_type": "refunds", "rules": [ALL]}).body["id"]
    site.call("POST", f"/policies/{policy}/publish", {})
    action = {"name": "refund", "args": {}, "risk": {"level": "high"}}
    sent = site.call("POST", "/submissions", {"task_type": "refunds", "actions": [action], "confidence": 0.1}).body[
        "id"
    ]
    taken = site.call("POST", "/claims", {}, key="ada").body
    digest = taken["item"]["content_sha256"]
    verdict = {"token": taken["claim"]["token"], "content_sha256": digest, "verb": "reject", "message": "no"}
    decided = site.call("POST", f"/claims/{taken['claim']['id']}/decision", verdict, key="ada").body
    lead, path = Browser(site, "lea"), f"/items/{taken['item']['id']}"
    assert "Type <strong" in lead.get(path).get_data(as_text=True)
    form = {"decision": decided["id"], "content_sha256": digest, "verb": "approve", "reason": "it was ours"}
    refused = lead.post(f"{path}/supersede", **form)
    assert (refused.status_code, "type refund to confirm" in refused.get_data(as_text=True)) == (422, True)
    assert site.call("GET", f"/submissions/{sent}").body["status"] == "rejected"
    assert lead.post(f"{path}/supersede", **form, confirmation="refund").status_code == 303
    assert site.call("GET", f"/submissions/{sent}").body["status"] == "approved"
