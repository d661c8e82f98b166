"""Calendars and queues over the API, and what a program may ask for with a submission."""

from datetime import timedelta
from typing import Any

import pytest

from app.edge.unit_of_work import ProofdeskApp
from app.kernel.clock import read_now
from app.kernel.ids import parse, show
from app.queue.models import Item
from app.review.service import tend_items
from tests.factories.site import Answered, Site, make_site
from tests.factories.timing import let_pass
from tests.factories.work import item_of

OFFICE = {
    "name": "office",
    "zone": "Europe/Berlin",
    "hours": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    "country": "DE",
    "closed_days": ["2026-12-24"],
}
RISKY = [{"name": "pay", "args": {}, "risk": {"level": "high"}}]


def test_a_calendar_is_added_read_changed_and_removed(site: Site) -> None:
    added = site.call("POST", "/calendars", OFFICE)
    assert added.status == 201, added.body
    assert {name: added.body[name] for name in OFFICE} == OFFICE
    path = f"/calendars/{added.body['id']}"
    assert site.call("GET", path).body["hours"] == OFFICE["hours"]
    changed = site.call("PUT", path, {**OFFICE, "country": None})
    assert (changed.status, changed.body["country"]) == (200, None)
    assert [c["id"] for c in site.call("GET", "/calendars").body["data"]] == [added.body["id"]]
    assert site.call("DELETE", path).status == 204
    assert site.call("GET", path).status == 404


def test_a_calendar_that_is_worked_by_stays(site: Site) -> None:
    added = site.call("POST", "/calendars", OFFICE).body
    assert site.call("POST", "/queues", {"name": "day", "calendar": added["id"]}).status == 201
    assert site.call("DELETE", f"/calendars/{added['id']}").status == 409


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"zone": "Nowhere"}, "/zone"),
        ({"hours": {}}, "/hours"),
        ({"hours": {"mon": [["17:00", "17:0"]]}}, "/hours/mon/0/1"),
        ({"closed_days": ["24.12.2026"]}, "/closed_days/0"),
        ({"country": "ZZ"}, "/country"),
        ({"unknown": 1}, "/unknown"),
    ],
)
def test_what_makes_no_calendar_is_refused(site: Site, changes: dict[str, Any], pointer: str) -> None:
    refused = site.call("POST", "/calendars", {**OFFICE, **changes})
    assert (refused.status, [e["pointer"] for e in refused.body["errors"]]) == (422, [pointer])


def test_a_name_is_given_once(site: Site) -> None:
    for path, body in (("/calendars", OFFICE), ("/queues", {"name": "day"})):
        assert site.call("POST", path, body).status == 201
        assert site.call("POST", path, body).status == 422


def test_a_queue_shows_what_it_was_told(site: Site) -> None:
    settings = {
        "name": "night",
        "value_order": True,
        "half_life": "PT2H",
        "due_soon": "PT30M",
        "skip_policy": "lead",
        "skip_reasons": ["too hard"],
        "relaxations": [{"after": "PT1H", "drop": ["de"]}, {"after": "PT2H", "candidates": True}],
        "lapse": "PT3H",
        "paused": True,
    }
    made = site.call("POST", "/queues", settings)
    assert made.status == 201, made.body
    assert made.body["half_life_seconds"] == 7_200
    assert made.body["relaxations"][0] == {"after_seconds": 3_600, "drop": ["de"], "candidates": False}
    assert (made.body["paused"], made.body["skip_policy"], made.body["reordering"]) == (True, "lead", False)
    path = f"/queues/{made.body['id']}"
    changed = site.call("PUT", path, {"name": "night"}).body
    assert (changed["paused"], changed["value_order"], changed["reordering"]) == (False, False, True)
    assert site.call("PUT", path, {"name": "day"}).status == 422
    assert [q["name"] for q in site.call("GET", "/queues").body["data"]] == ["night"]


@pytest.mark.parametrize(
    "changes",
    [
        {"calendar": "cal_0123"},
        {"half_life": "PT0S"},
        {"skip_policy": "never"},
        {"relaxations": [{"after": "PT1H"}]},
        {"relaxations": [{"after": "PT2H", "drop": ["a"]}, {"after": "PT1H", "drop": ["b"]}]},
    ],
)
def test_what_makes_no_queue_is_refused(site: Site, changes: dict[str, Any]) -> None:
    assert site.call("POST", "/queues", {"name": "q", **changes}).status == 422


def test_another_workspace_knows_none_of_it(site: Site, app: ProofdeskApp) -> None:
    other = make_site(app, "Other")
    calendar = site.call("POST", "/calendars", OFFICE).body["id"]
    queue = site.call("POST", "/queues", {"name": "day"}).body["id"]
    assert other.call("GET", f"/calendars/{calendar}").status == 404
    assert other.call("PUT", f"/calendars/{calendar}", OFFICE).status == 404
    assert other.call("DELETE", f"/calendars/{calendar}").status == 404
    assert other.call("PUT", f"/queues/{queue}", {"name": "day"}).status == 404
    assert other.call("POST", "/queues", {"name": "day", "calendar": calendar}).status == 422


def test_a_reviewer_may_not_run_queues(site: Site) -> None:
    assert site.call("POST", "/queues", {"name": "day"}, key="ada").status == 403
    assert site.call("GET", "/calendars", key="ada").status == 403


def item(site: Site, sent: Answered) -> Item:
    with site.app.database.unit_of_work() as session:
        return item_of(session, parse("submission", sent.body["id"]))


def test_a_submission_says_how_urgent_it_is_and_what_happens(site: Site) -> None:
    site.define_addresses()
    sent = site.submit(
        priority=90,
        deadline="2036-01-01T12:00:00+01:00",
        on_timeout="escalate",
        escalation=[{"after": "PT1H", "to": {"queue": "second", "leads": True}, "priority": 100}],
    )
    assert sent.status == 201, sent.body
    kept = item(site, sent)
    assert (kept.priority, kept.on_timeout, kept.due_at.isoformat()) == (90, "escalate", "2036-01-01T11:00:00+00:00")
    assert kept.escalation == [{"after_ms": 3_600_000, "queue": "second", "leads": True, "priority": 100}]


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"priority": 101}, "/priority"),
        ({"priority": "high"}, "/priority"),
        ({"deadline": "tomorrow"}, "/deadline"),
        ({"deadline": "PT0S"}, "/deadline"),
        ({"deadline": "P400D"}, "/deadline"),
        ({"on_timeout": "stay"}, "/on_timeout"),
        ({"escalation": [{"after": "soon", "to": {"leads": True}}]}, "/escalation/0/after"),
        ({"escalation": [{"after": "PT1H"}]}, "/escalation/0"),
        ({"escalation": [{"after": "PT1H", "to": {"groups": ["nobody"]}}]}, "/escalation/0/to/groups"),
        ({"escalation": [{"after": "PT1H", "to": {"leads": True}, "when": 1}]}, "/escalation/0/when"),
        ({"escalation": [{"after": "PT1H", "to": {"leads": True}}] * 11}, "/escalation"),
        ({"on_timeout": "use_output", "actions": RISKY}, "/on_timeout"),
    ],
)
def test_a_wish_that_cannot_be_kept_is_refused(site: Site, wish: dict[str, Any], pointer: str) -> None:
    site.define_addresses()
    refused = site.submit(**wish)
    assert (refused.status, [e["pointer"] for e in refused.body["errors"]]) == (422, [pointer])


@pytest.mark.parametrize("risk", [{"level": "critical"}, {"reversible": False}, {"destructive": True}])
@pytest.mark.parametrize(
    "task_type", [{"on_timeout": "use_output"}, {"on_timeout": "escalate", "on_last_timeout": "use_output"}]
)
def test_a_task_type_cannot_let_a_clock_approve_it_either(
    site: Site, risk: dict[str, Any], task_type: dict[str, Any]
) -> None:
    assert site.call("POST", "/task-types", {"name": "pay", **task_type}).status == 201
    body = {"task_type": "pay", "actions": [{"name": "pay", "args": {}, "risk": risk}]}
    assert site.call("POST", "/submissions", body).status == 422
    assert site.call("POST", "/submissions", {**body, "on_timeout": "reject"}).status == 201


def test_a_task_type_shows_its_steps(site: Site) -> None:
    steps = [{"after": "PT90M", "to": {"groups": ["experts"]}}]
    made = site.call("POST", "/task-types", {"name": "t", "escalation": steps, "on_last_timeout": "expire"})
    assert made.status == 201, made.body
    assert made.body["on_last_timeout"] == "expire"
    assert made.body["escalation"] == [{"after_seconds": 5_400, "to": {"groups": ["experts"]}, "priority": None}]
    bare = site.call("POST", "/task-types", {"name": "b", "escalation": [{"after": "PT1H", "to": {}, "priority": 100}]})
    assert site.call("GET", f"/task-types/{bare.body['id']}").body["escalation"][0]["to"] == {}
    assert site.call("GET", f"/task-types/{made.body['id']}").body["escalation"][0]["to"] == {"groups": ["experts"]}
    # The group that its task type names is not there: a lead is asked instead.
    sent = site.call("POST", "/submissions", {"task_type": "t", "output": {}})
    assert sent.status == 201, sent.body
    assert item(site, sent).escalation[0]["leads"] is True


@pytest.mark.parametrize(("on_timeout", "status", "winner"), [("expire", 410, None), ("reject", 409, "rejected")])
def test_a_verdict_after_the_time_is_up_is_kept_as_a_draft(
    site: Site, on_timeout: str, status: int, winner: str | None
) -> None:
    site.define_addresses()
    sent = site.submit(deadline="PT1H", on_timeout=on_timeout)
    taken = site.call("POST", "/claims", {}, key="ada").body
    with site.app.database.unit_of_work() as session:
        let_pass(session, item(site, sent), hours=2)
    with site.app.database.unit_of_work() as session:
        tend_items(session=session, limit=10)
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    verdict = {**proof, "verb": "reject", "message": "no"}
    answer = site.call("POST", f"/claims/{taken['claim']['id']}/decision", verdict, key="ada")
    assert answer.status == status, answer.body
    assert answer.body["draft"]
    assert (answer.body["winner"] or {}).get("status") == winner
    if winner is not None:
        assert answer.body["winner"]["decided_by_kind"] == "timeout"
        assert answer.body["winner"]["message"].startswith("Timeout")
    read = site.call("GET", f"/submissions/{sent.body['id']}").body
    assert read["status"] == ("expired" if status == 410 else "rejected")


def test_due_times_count_in_the_queues_business_time(site: Site) -> None:
    calendar = site.call("POST", "/calendars", {**OFFICE, "hours": {"mon": [["09:00", "10:00"]]}}).body["id"]
    site.call("POST", "/queues", {"name": "default", "calendar": calendar, "due_soon": "PT30M"})
    site.define_addresses()
    kept = item(site, site.submit(deadline="PT3H"))
    with site.app.database.unit_of_work() as session:
        now = read_now(session)
    # Three hours at one hour a week: in the third week at the earliest.
    assert timedelta(days=14) <= kept.due_at - now <= timedelta(days=40)
    assert kept.soon_at is not None
    assert kept.due_at - kept.soon_at == timedelta(minutes=30)


def test_an_item_says_where_it_stands_and_why(site: Site) -> None:
    site.call("POST", "/queues", {"name": "default", "value_order": True})
    site.define_addresses()
    kept = item(site, site.submit(0.8, deadline="PT8H", escalation=[{"after": "PT1H", "priority": 90}]))
    shown = site.call("GET", f"/items/{show('item', kept.id)}")
    assert shown.status == 200, shown.body
    assert (shown.body["stage"], shown.body["tier"], shown.body["on_timeout"]) == ("on_time", 0, "escalate")
    assert shown.body["next_step_at"] is not None
    place = shown.body["place"]
    assert (place["order"], place["priority"]) == ("value", 50)
    assert place["score"]["probability_wrong"] == pytest.approx(0.2)
    assert place["score"]["score"] == pytest.approx(1 * 0.2 * place["score"]["deadline_pressure"] / 2)
    assert site.call("GET", f"/items/{'it_' + 32 * '0'}").status == 404


def test_without_the_order_by_value_there_is_no_score(site: Site) -> None:
    site.define_addresses()
    kept = item(site, site.submit())
    place = site.call("GET", f"/items/{show('item', kept.id)}").body["place"]
    assert (place["order"], place["score"]) == ("due", None)
