"""The whole of what a program may say, and all of it read back; and what it may say later."""

from typing import Any

import pytest

from tests.factories.site import Site

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
WHOLE: dict[str, Any] = {
    "task_type": "addresses",
    "external_id": "a-1",
    "title": "Address of order 17",
    "instructions": "Compare with the letter.",
    "output": {"city": "Pariss", "zip": "75001"},
    "confidence": 0.61,
    "field_confidence": {"/city": 0.4},
    "evidence": {"/city": [{"source": "letter", "quote": "Paris", "page": 2}]},
    "context": [{"type": "markdown", "title": "Letter", "value": "Dear ..."}],
    "actions": [
        {
            "call_id": "c1",
            "kind": "approval",
            "name": "refund",
            "args": {"amount": "15.00"},
            "args_schema": {"type": "object", "required": ["amount"]},
            "description": "Pays back.",
            "preview": "15 EUR to Jo",
            "allowed": ["approve", "edit", "reject"],
            "risk": {
                "level": "low",
                "reversible": True,
                "amount": {"value": "15.00", "currency": "EUR"},
                "reasons": ["small"],
            },
        }
    ],
    "model": {"provider": "acme", "name": "big", "version": "1"},
    "prompt": {"id": "p", "version": "3", "sha256": "a" * 64},
    "usage": {"input_tokens": 900, "output_tokens": 80, "cost": {"amount": "0.0213", "currency": "USD"}},
    "requested_by": {"agent": "bot", "on_behalf_of": "user:42"},
    "ref": {"framework": "langgraph", "thread_id": "t1"},
    "trace": {"traceparent": TRACEPARENT, "url": "https://traces.example.org/1"},
    "sensitive": ["/zip"],
    "metadata": {"order": 17},
}
CALL = {"provider": "acme", "response_id": "r-1", "input_tokens": 900, "cost": {"amount": "0.02", "currency": "USD"}}


@pytest.fixture
def ready(site: Site) -> Site:
    """A workspace that takes addresses, and prices an hour of a reviewer."""
    site.define_addresses()
    rate = {"currency": "EUR", "unit": "hour", "base": "36000.00", "valid_from": "2026-01-01T00:00:00Z"}
    assert site.call("POST", "/rate-cards", rate).status == 201
    return site


def decide(site: Site, verdict: dict[str, Any]) -> None:
    """Let Ada hand in a verdict on the next item."""
    taken = site.call("POST", "/claims", {}, key="ada").body
    proof = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"]}
    done = site.call("POST", f"/claims/{taken['claim']['id']}/decision", {**verdict, **proof}, key="ada")
    assert done.status == 200, done.body


def test_everything_that_is_sent_is_read_back(ready: Site) -> None:
    sent = ready.call("POST", "/submissions", WHOLE)
    assert sent.status == 201, sent.body
    read = ready.call("GET", f"/submissions/{sent.body['id']}").body
    for name in set(WHOLE) - {"actions", "task_type"}:
        assert read[name] == (WHOLE[name] if name not in {"model", "prompt"} else read[name]), name
    (action,) = read["actions"]
    assert {**WHOLE["actions"][0], "args_sha256": action["args_sha256"]} == action
    assert len(action["args_sha256"]) == 64


def test_a_correction_says_what_was_changed_by_which_policy_and_what_it_cost(ready: Site) -> None:
    made = ready.call("POST", "/submissions", {**WHOLE, "actions": []}).body["id"]
    decide(ready, {"verb": "correct", "output": {"city": "Paris", "zip": "75001"}})
    decision = ready.call("GET", f"/submissions/{made}").body["decision"]
    assert decision["patch"] == [{"op": "replace", "path": "/city", "value": "Paris"}]
    assert decision["policy"]["version"] == 1
    assert decision["policy"]["rules"] == ["threshold", "/city"]
    assert decision["cost"]["llm"] == [{"amount": "0.021300", "currency": "USD"}]
    (human,) = decision["cost"]["human"]
    seconds = float(decision["votes"][0]["active_seconds"])
    assert human["currency"] == "EUR"
    assert float(human["amount"]) == pytest.approx(seconds * 10)
    assert decision["cost"]["unpriced_seconds"] == "0.000"


def test_calls_count_once_by_provider_and_response_whoever_reports_them_again(ready: Site) -> None:
    made = ready.call("POST", "/submissions", {**WHOLE, "actions": [], "llm_calls": [CALL, {"provider": "acme"}]})
    path = f"/submissions/{made.body['id']}"
    assert [c["response_id"] for c in ready.call("GET", path).body["llm_calls"]] == ["r-1", None]
    judge = {"provider": "acme", "response_id": "r-2", "purpose": "judge", "cost": {"amount": "0.3", "currency": "EUR"}}
    late = ready.call("POST", f"{path}/usage", {"llm_calls": [CALL, judge, judge, {**CALL, "provider": "other"}]})
    bare = ready.call("POST", "/submissions", {**WHOLE, "actions": [], "llm_calls": [{}]}).body["id"]
    (call,) = ready.call("GET", f"/submissions/{bare}").body["llm_calls"]
    assert (call["provider"], call["model"], call["input_tokens"], call["cost"]) == (None, None, None, None)
    assert ready.call("POST", f"/submissions/{bare}/cancel", {}).status == 200
    assert (late.status, late.body) == (200, {"added": 2, "known": 2})
    decide(ready, {"verb": "approve"})
    # Reported calls count in place of what the submission's usage says as a whole.
    cost = ready.call("GET", path).body["decision"]["cost"]["llm"]
    assert cost == [{"amount": "0.300000", "currency": "EUR"}, {"amount": "0.040000", "currency": "USD"}]


def test_a_batch_keeps_the_calls_of_its_elements(ready: Site) -> None:
    elements = [{**WHOLE, "actions": [], "llm_calls": [{**CALL, "response_id": f"b-{n}"}]} for n in range(4)]
    results = ready.call("POST", "/submissions/batch", {"submissions": elements}).body["results"]
    for n, result in enumerate(results):
        assert ready.call("GET", f"/submissions/{result['id']}").body["llm_calls"][0]["response_id"] == f"b-{n}"


def test_a_dry_run_says_what_would_be_and_keeps_nothing(ready: Site) -> None:
    said = ready.call("POST", "/submissions", {**WHOLE, "dry_run": True, "llm_calls": [CALL]}, Idempotency_Key="k")
    assert said.status == 200
    assert (said.body["dry_run"], said.body["status"], said.body["queue"]) == (True, "waiting", "default")
    assert said.body["route"]["outcome"] == "review"
    assert "id" not in said.body
    sure = ready.call(
        "POST",
        "/submissions",
        {
            "task_type": "addresses",
            "output": {"city": "Rom"},
            "confidence": 0.99,
            "field_confidence": {"/city": 0.99},
            "dry_run": True,
        },
    )
    assert (sure.body["status"], sure.body["queue"]) == ("passed", None)
    results = ready.call("POST", "/submissions/batch", {"submissions": [{**WHOLE, "dry_run": True}, WHOLE]}).body
    assert [("id" in one, one.get("dry_run")) for one in results["results"]] == [(False, True), (True, None)]
    assert len(ready.call("GET", "/submissions").body["data"]) == 1


def test_what_is_learnt_later_is_added_and_read_back(ready: Site) -> None:
    path = f"/submissions/{ready.submit(0.99).body['id']}"
    wrong = {"correct": False, "output": {"city": "Lyon"}, "note": "Sent back.", "observed_at": "2026-03-01T00:00:00Z"}
    first = ready.call("POST", f"{path}/outcome", wrong)
    assert first.status == 201
    assert ready.call("POST", f"{path}/outcome", {"label": "chargeback"}).status == 201
    known = ready.call("GET", path).body["outcomes"]
    assert [one["label"] for one in known] == [None, "chargeback"]
    for truth in (7, "Lyon", [1], False):
        assert ready.call("POST", f"{path}/outcome", {"output": truth}).status == 201
    assert [one["output"] for one in ready.call("GET", path).body["outcomes"]][2:] == [7, "Lyon", [1], False]
    assert {**wrong, "observed_at": "2026-03-01T00:00:00.000Z"}.items() <= known[0].items()
    assert known[0]["id"] == first.body["id"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"evidence": {"city": []}}, "/evidence"),
        ({"sensitive": ["city"]}, "/sensitive"),
        ({"trace": {"traceparent": "x"}}, "/trace/traceparent"),
        ({"trace": {"url": "javascript:alert(1)"}}, "/trace/url"),
        ({"usage": {"cost": {"amount": 0.2, "currency": "USD"}}}, "/usage/cost/amount"),
        ({"usage": {"cost": {"amount": "-1", "currency": "USD"}}}, "/usage/cost/amount"),
        ({"usage": {"cost": {"amount": "1", "currency": "usd"}}}, "/usage/cost/currency"),
        ({"llm_calls": [{"purpose": "fun"}]}, "/llm_calls/0/purpose"),
        ({"llm_calls": [{}] * 201}, "/llm_calls"),
        ({"prompt": {"sha256": "x"}}, "/prompt/sha256"),
        ({"dry_run": "yes"}, "/dry_run"),
        ({"title": "t" * 201}, "/title"),
    ],
)
def test_a_wrong_value_is_refused_at_its_place(ready: Site, change: dict[str, Any], pointer: str) -> None:
    refused = ready.call("POST", "/submissions", {**WHOLE, **change})
    assert refused.status == 422
    assert pointer in [fault["pointer"] for fault in refused.body["errors"]]


def test_a_high_risk_action_is_never_approved_by_a_deadline(ready: Site) -> None:
    risky = {**WHOLE["actions"][0], "risk": {"level": "high"}}
    refused = ready.call("POST", "/submissions", {**WHOLE, "actions": [risky], "on_timeout": "use_output"})
    assert (refused.status, refused.body["errors"][0]["pointer"]) == (422, "/on_timeout")


@pytest.mark.parametrize("path", ["usage", "outcome"])
def test_another_workspaces_submission_is_not_there(ready: Site, path: str) -> None:
    body = {"llm_calls": [CALL]} if path == "usage" else {"correct": True}
    assert ready.call("POST", f"/submissions/sub_{'0' * 32}/{path}", body).status == 404
    assert ready.call("POST", f"/submissions/{ready.submit().body['id']}/{path}", {}).status == 422
