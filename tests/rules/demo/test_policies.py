"""The demonstration's policies: shaped as the interface says, and sending a sensible part to people.

The route is computed here anew in a few lines; only the rules' conditions are left to the CEL library.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from cel_expr_python import cel

from demo.sets import TASK_TYPES, Row, rows_of, setup_of

FACTS = ("output", "confidence", "actions", "model")
RULE_KEYS = {"name", "when", "outcome", "queue", "priority", "approvals_required", "skills", "deadline"}
ENVIRONMENT = cel.NewEnv(variables=dict.fromkeys(FACTS, cel.Type.DYN))


@cache
def compiled(when: str) -> cel.Expression:
    """A rule's condition, checked."""
    return ENVIRONMENT.compile(when)


def fired(policy: Mapping[str, Any], submission: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rules whose condition holds; anything but true or false is a fault of the rule."""
    facts = {fact: submission.get(fact) for fact in FACTS}
    facts["actions"] = [{"name": a["name"], "args": a["args"]} for a in submission.get("actions", ())]
    values = [(rule, compiled(rule["when"]).eval(data=facts)) for rule in policy["rules"]]
    assert all(value.type() == cel.Type.BOOL for _, value in values)
    return [rule for rule, value in values if value.plain_value()]


def expected_route(policy: Mapping[str, Any], submission: Mapping[str, Any]) -> str:
    """Thresholds, required fields, high-risk actions, then rules; block over review over pass."""
    outcomes = {rule["outcome"] for rule in fired(policy, submission)}
    output, scores = submission.get("output"), submission.get("field_confidence", {})
    if output is not None:
        limits = [(submission["confidence"], policy["threshold"])]
        limits += [(scores.get(p), limit) for p, limit in policy.get("field_thresholds", {}).items()]
        if any(score is None or score < limit for score, limit in limits):
            outcomes.add("review")
        if any(pointer[1:] not in output for pointer in policy.get("required_fields", ())):
            outcomes.add("review")
    if any(action["name"] in policy.get("high_risk_actions", ()) for action in submission.get("actions", ())):
        outcomes.add("review")
    return next((outcome for outcome in ("block", "review") if outcome in outcomes), "pass")


@cache
def routed(name: str) -> list[tuple[Row, str]]:
    """Every row of a task type with the route it should take; the random audit is left aside."""
    return [(row, expected_route(setup_of(name).policy, row.submission)) for row in rows_of(name)]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_policy_has_the_shape_of_the_interface(name: str) -> None:
    policy = setup_of(name).policy
    known = {"task_type", "threshold", "field_thresholds", "required_fields", "high_risk_actions", "audit_rate"}
    assert policy.keys() <= known | {"rules", "tests"}
    assert policy["task_type"] == name
    assert 0 < policy["audit_rate"] < 1
    pointers = [*policy.get("field_thresholds", {}), *policy.get("required_fields", [])]
    assert all(pointer.startswith("/") for pointer in pointers)
    for rule in policy["rules"]:
        assert rule.keys() <= RULE_KEYS
        assert rule["outcome"] in ("review", "block")
    for test in policy["tests"]:
        assert test.keys() == {"submission", "expect"}


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_task_type_has_the_shape_of_the_interface(name: str) -> None:
    task_type = setup_of(name).task_type
    assert task_type["name"] == name
    assert len(task_type["guidelines"].splitlines()) > 5
    assert 5 <= task_type["claim_seconds"] <= 86_400
    assert task_type["sla"].startswith("PT")
    assert task_type["on_timeout"] in ("reject", "use_output", "expire", "escalate")
    assert len(set(task_type["reason_codes"])) == len(task_type["reason_codes"]) > 2


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_policys_own_tests_hold_and_show_both_sides(name: str) -> None:
    policy = setup_of(name).policy
    for test in policy["tests"]:
        assert expected_route(policy, test["submission"]) == test["expect"], test
    assert {test["expect"] for test in policy["tests"]} >= {"pass", "review"}


@pytest.mark.parametrize("name", TASK_TYPES)
def test_between_three_and_six_in_ten_wait(name: str) -> None:
    routes = Counter(route for _, route in routed(name))
    assert 0.3 <= routes["review"] / routes.total() <= 0.6
    assert routes["pass"] > 20


@pytest.mark.parametrize("name", TASK_TYPES)
def test_every_rule_fires_on_some_row_and_not_on_all(name: str) -> None:
    policy = setup_of(name).policy
    times = Counter(rule["name"] for row in rows_of(name) for rule in fired(policy, row.submission))
    assert times.keys() == {rule["name"] for rule in policy["rules"]}
    assert max(times.values()) < len(rows_of(name))


@pytest.mark.parametrize("name", TASK_TYPES)
def test_what_passes_is_right_more_often_than_what_waits(name: str) -> None:
    right = Counter(route for row, route in routed(name) if row.verdict["verb"] == "approve")
    total = Counter(route for _, route in routed(name))
    assert right["pass"] / total["pass"] > right["review"] / total["review"] + 0.2
    assert right["block"] == 0
