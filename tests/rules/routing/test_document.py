"""A policy's document is read strictly: every fault is told, with its place."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.routing.rules.compiled import compile_policy
from app.routing.rules.document import PolicyInvalid, read_policy
from tests.rules.routing.policies import rule

EXAMPLE: dict[str, Any] = {
    "task_type": "address_fields",
    "threshold": 0.85,
    "field_thresholds": {"/city": 0.9},
    "required_fields": ["/zip"],
    "high_risk_actions": ["refund"],
    "audit_rate": 0.05,
    "rules": [
        {
            "name": "big refund",
            "when": "actions.exists(a, a.name == 'refund' && double(a.args.amount) > 100.0)",
            "outcome": "review",
            "queue": "finance",
            "priority": 80,
            "approvals_required": 2,
            "skills": ["refunds"],
            "deadline": "PT1H",
        }
    ],
    "tests": [{"submission": {"output": {"zip": "1"}, "confidence": 0.5}, "expect": "review"}],
}


def faults(document: Any) -> list[tuple[str, str]]:
    """What reading and compiling this document complain about; empty when it is fine."""
    try:
        compile_policy(read_policy(document))
    except PolicyInvalid as invalid:
        return [(fault.pointer, fault.detail) for fault in invalid.faults]
    return []


def test_the_example_is_read() -> None:
    policy = read_policy(EXAMPLE)
    assert policy.threshold == 0.85
    assert policy.field_thresholds == (("/city", 0.9),)
    assert policy.required_fields == (("/zip", ("zip",)),)
    assert policy.high_risk_actions == {"refund"}
    assert policy.audit_rate == Decimal("0.05")
    terms = policy.rules[0].terms
    assert (terms.queue, terms.priority, terms.approvals_required) == ("finance", 80, 2)
    assert terms.skills == {"refunds"}
    assert terms.deadline_ms == 3_600_000
    assert policy.tests[0].facts.confidence == 0.5
    assert faults(EXAMPLE) == []


def test_a_task_type_is_all_that_is_required() -> None:
    assert faults({"task_type": "t"}) == []
    assert faults({}) == [("/task_type", "is required")]


def test_null_is_like_absent() -> None:
    assert faults(dict.fromkeys(EXAMPLE) | {"task_type": "t"}) == []


RULE = rule("true", name="r")

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"treshold": 0.5}, "/treshold"),
    ({"a/b~c": 1}, "/a~1b~0c"),
    ({"task_type": ""}, "/task_type"),
    ({"task_type": "  "}, "/task_type"),
    ({"task_type": 7}, "/task_type"),
    ({"task_type": "x" * 201}, "/task_type"),
    ({"threshold": 1.01}, "/threshold"),
    ({"threshold": -0.01}, "/threshold"),
    ({"threshold": "0.5"}, "/threshold"),
    ({"threshold": True}, "/threshold"),
    ({"audit_rate": 2}, "/audit_rate"),
    ({"audit_rate": [0.1]}, "/audit_rate"),
    ({"field_thresholds": []}, "/field_thresholds"),
    ({"field_thresholds": {"city": 0.5}}, "/field_thresholds/city"),
    ({"field_thresholds": {"/city": 1.5}}, "/field_thresholds/~1city"),
    ({"field_thresholds": {"/city": None}}, "/field_thresholds/~1city"),
    ({"field_thresholds": {f"/{n}": 0.5 for n in range(201)}}, "/field_thresholds"),
    ({"required_fields": {"/zip": True}}, "/required_fields"),
    ({"required_fields": ["/a", "zip"]}, "/required_fields/1"),
    ({"required_fields": ["/a~2"]}, "/required_fields/0"),
    ({"required_fields": ["/a", 5]}, "/required_fields/1"),
    ({"high_risk_actions": "refund"}, "/high_risk_actions"),
    ({"high_risk_actions": [None]}, "/high_risk_actions/0"),
    ({"rules": {}}, "/rules"),
    ({"rules": [RULE | {"name": f"r{n}"} for n in range(51)]}, "/rules"),
    ({"rules": ["true"]}, "/rules/0"),
    ({"rules": [RULE, RULE]}, "/rules/1/name"),
    ({"rules": [RULE | {"If": 1}]}, "/rules/0/If"),
    ({"rules": [RULE | {"name": None}]}, "/rules/0/name"),
    ({"rules": [RULE | {"name": "x" * 201}]}, "/rules/0/name"),
    ({"rules": [RULE | {"when": None}]}, "/rules/0/when"),
    ({"rules": [RULE | {"when": True}]}, "/rules/0/when"),
    ({"rules": [RULE | {"when": "true" + " " * 3_997}]}, "/rules/0/when"),
    ({"rules": [RULE | {"when": "nope"}]}, "/rules/0/when"),
    ({"rules": [RULE | {"when": "("}]}, "/rules/0/when"),
    ({"rules": [RULE | {"outcome": "maybe"}]}, "/rules/0/outcome"),
    ({"rules": [RULE | {"outcome": None}]}, "/rules/0/outcome"),
    ({"rules": [RULE | {"outcome": ["pass"]}]}, "/rules/0/outcome"),
    ({"rules": [RULE | {"queue": ""}]}, "/rules/0/queue"),
    ({"rules": [RULE | {"priority": 101}]}, "/rules/0/priority"),
    ({"rules": [RULE | {"priority": -1}]}, "/rules/0/priority"),
    ({"rules": [RULE | {"priority": 5.0}]}, "/rules/0/priority"),
    ({"rules": [RULE | {"priority": True}]}, "/rules/0/priority"),
    ({"rules": [RULE | {"approvals_required": 0}]}, "/rules/0/approvals_required"),
    ({"rules": [RULE | {"approvals_required": 11}]}, "/rules/0/approvals_required"),
    ({"rules": [RULE | {"skills": "german"}]}, "/rules/0/skills"),
    ({"rules": [RULE | {"skills": [1]}]}, "/rules/0/skills/0"),
    ({"rules": [RULE | {"deadline": "P1M"}]}, "/rules/0/deadline"),
    ({"rules": [RULE | {"deadline": "PT0S"}]}, "/rules/0/deadline"),
    ({"rules": [RULE | {"deadline": 3600}]}, "/rules/0/deadline"),
    ({"tests": [1]}, "/tests/0"),
    ({"tests": [{"submission": {"output": 1}, "expect": "no"}]}, "/tests/0/expect"),
    ({"tests": [{"expect": "pass"}]}, "/tests/0/submission"),
    ({"tests": [{"submission": [], "expect": "pass"}]}, "/tests/0/submission"),
    ({"tests": [{"submission": {}, "expect": "pass"}]}, "/tests/0/submission"),
    ({"tests": [{"submission": {"output": None}, "expect": "pass"}]}, "/tests/0/submission"),
    ({"tests": [{"submission": {"output": 1}, "expect": "pass", "x": 1}]}, "/tests/0/x"),
    ({"tests": [{"submission": {"output": 1, "confidence": 2}, "expect": "pass"}]}, "/tests/0/submission/confidence"),
    (
        {"tests": [{"submission": {"output": 1, "field_confidence": {"/a": "1"}}, "expect": "pass"}]},
        "/tests/0/submission/field_confidence/~1a",
    ),
    (
        {"tests": [{"submission": {"output": 1, "field_confidence": {"a": 1}}, "expect": "pass"}]},
        "/tests/0/submission/field_confidence/a",
    ),
    ({"tests": [{"submission": {"actions": [{}]}, "expect": "pass"}]}, "/tests/0/submission/actions/0"),
    ({"tests": [{"submission": {"output": 1, "model": "m"}, "expect": "pass"}]}, "/tests/0/submission/model"),
    ({"tests": [{"submission": {"output": 1}, "expect": "pass"}] * 101}, "/tests"),
]


@pytest.mark.parametrize(("parts", "pointer"), WRONG, ids=[pointer for _, pointer in WRONG])
def test_a_wrong_part_is_told_with_its_place(parts: dict[str, Any], pointer: str) -> None:
    told = faults({"task_type": "t", **parts})
    assert pointer in [place for place, _ in told]
    assert all(detail for _, detail in told)


def test_all_faults_are_told_at_once() -> None:
    document = {"task_type": "t", "threshold": 2, "oops": 1, "rules": [RULE | {"priority": 1_000, "deadline": "soon"}]}
    assert {place for place, _ in faults(document)} == {
        "/oops",
        "/threshold",
        "/rules/0/priority",
        "/rules/0/deadline",
    }


def test_every_rule_that_does_not_compile_is_told() -> None:
    rules = [rule("nope == 1"), rule("true"), rule("1 + 1")]
    assert faults({"task_type": "t", "rules": rules}) == [
        ("/rules/0/when", "at line 1, column 1: undeclared reference to 'nope'"),
        ("/rules/2/when", "must give true or false, but gives INT"),
    ]


def test_a_flood_of_faults_is_cut() -> None:
    assert len(faults({"task_type": "t", **{f"key {n}": n for n in range(10_000)}})) == 100


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*EXAMPLE, *RULE]), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from([*EXAMPLE, "other"]), ANYTHING))
def test_any_document_is_read_or_refused_with_faults(document: dict[str, Any]) -> None:
    try:
        policy = read_policy(document)
    except PolicyInvalid as invalid:
        assert invalid.faults  # noqa: PT017  # either ending is right
        return
    assert policy.task_type == document["task_type"]
