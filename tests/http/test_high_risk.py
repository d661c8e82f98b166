"""High risk at the doors: a second person where the task type says so, whichever door a submission comes through."""

import pytest
from sqlalchemy import select

from app.queue.models import Item
from tests.factories.site import Site

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
