"""Every row of the routing table: what sends a submission to a person, what blocks it, what lets it pass."""

from decimal import Decimal
from typing import Any

import pytest

from app.routing.rules.facts import read_facts
from app.routing.rules.route import decide_route
from tests.rules.routing.policies import DRAWN, NOT_DRAWN, kinds, policy, route, rule

REFUND = {"name": "refund", "args": {"amount": 150}}


@pytest.mark.parametrize(
    ("threshold", "confidence", "outcome"),
    [
        (0.85, 0.86, "pass"),
        (0.85, 0.85, "pass"),
        (0.85, 0.8499999, "review"),
        (0.85, None, "review"),
        (0.85, 0, "review"),
        (1, 1, "pass"),
        (1, 1.0, "pass"),
        (0, 0, "pass"),
        (0, None, "review"),
        (None, None, "pass"),
        (None, 0.01, "pass"),
    ],
)
def test_a_confidence_at_the_threshold_passes_and_none_does_not(
    threshold: float | None, confidence: float | None, outcome: str
) -> None:
    decided = route(policy(threshold=threshold), confidence=confidence)
    assert decided.outcome == outcome
    assert kinds(decided) == (["threshold"] if outcome == "review" else [])


def test_an_absent_confidence_is_like_a_null_one() -> None:
    assert kinds(route(policy(threshold=0.85))) == ["threshold"]


@pytest.mark.parametrize(
    ("confidences", "outcome"),
    [
        ({"/city": 0.95}, "pass"),
        ({"/city": 0.9}, "pass"),
        ({"/city": 0.71}, "review"),
        ({"/city": None}, "review"),
        ({"/zip": 0.99}, "review"),
        ({}, "review"),
        (None, "review"),
    ],
)
def test_each_listed_field_needs_its_own_confidence(confidences: Any, outcome: str) -> None:
    decided = route(policy(field_thresholds={"/city": 0.9}), field_confidence=confidences, confidence=1)
    assert decided.outcome == outcome
    assert kinds(decided) == (["field_threshold"] if outcome == "review" else [])


def test_a_field_that_is_not_listed_needs_no_confidence() -> None:
    assert (
        route(policy(field_thresholds={"/city": 0.9}), field_confidence={"/city": 0.9, "/zip": 0.1}).outcome == "pass"
    )


@pytest.mark.parametrize(
    ("output", "outcome"),
    [
        ({"zip": "53111"}, "pass"),
        ({"zip": ""}, "pass"),
        ({"zip": 0}, "pass"),
        ({"zip": False}, "pass"),
        ({"zip": []}, "pass"),
        ({"zip": None}, "review"),
        ({"city": "Bonn"}, "review"),
        (["zip"], "review"),
        ("zip", "review"),
    ],
)
def test_a_required_field_is_missing_when_absent_or_null(output: Any, outcome: str) -> None:
    decided = route(policy(required_fields=["/zip"]), output=output)
    assert decided.outcome == outcome
    assert kinds(decided) == (["required_field"] if outcome == "review" else [])


def test_a_required_field_may_lie_deep() -> None:
    compiled = policy(required_fields=["/people/0/name~1title"])
    assert route(compiled, output={"people": [{"name/title": "x"}]}).outcome == "pass"
    assert route(compiled, output={"people": []}).outcome == "review"


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ({"name": "refund"}, "review"),
        ({"name": "Refund"}, "pass"),
        ({"name": "search"}, "pass"),
        ({"name": "search", "risk": {"level": "low"}}, "pass"),
        ({"name": "search", "risk": {"level": "medium"}}, "pass"),
        ({"name": "search", "risk": {"level": "high"}}, "review"),
        ({"name": "search", "risk": {"level": "critical"}}, "review"),
        ({"name": "search", "risk": {"reversible": False}}, "review"),
        ({"name": "search", "risk": {"reversible": True}}, "pass"),
        ({"name": "search", "risk": {"destructive": True}}, "review"),
        ({"name": "search", "risk": {"destructive": False}}, "pass"),
        ({"name": "search", "risk": {"level": ["high"]}}, "pass"),
        ({"name": "search", "risk": None}, "pass"),
    ],
)
def test_an_action_is_high_risk_by_name_or_by_its_own_word(action: dict[str, Any], outcome: str) -> None:
    decided = route(policy(high_risk_actions=["refund"]), actions=[action])
    assert decided.outcome == outcome
    assert kinds(decided) == (["high_risk"] if outcome == "review" else [])


def test_one_risky_action_among_many_is_enough_and_is_told_once() -> None:
    decided = route(policy(high_risk_actions=["refund"]), actions=[{"name": "search"}, REFUND, REFUND])
    assert [fired.detail for fired in decided.fired] == ["refund is a high-risk action"]


def test_actions_alone_need_no_confidence_and_no_fields() -> None:
    compiled = policy(threshold=0.85, field_thresholds={"/city": 0.9}, required_fields=["/zip"])
    assert route(compiled, actions=[{"name": "search"}]).outcome == "pass"
    assert route(compiled, actions=[{"name": "search"}], output=None, confidence=0.1).outcome == "pass"


def test_an_output_beside_actions_is_checked() -> None:
    compiled = policy(threshold=0.85)
    assert route(compiled, actions=[{"name": "search"}], output={}, confidence=0.1).outcome == "review"


def test_an_output_that_breaks_its_schema_goes_to_review() -> None:
    facts = read_facts({"output": {}}, task_type="t").with_schema_faults(("/zip: is required",))
    decided = decide_route(policy(), facts, audit_draw=NOT_DRAWN)
    assert decided.outcome == "review"
    assert [fired.kind for fired in decided.fired] == ["schema"]
    assert decided.fired[0].detail == "does not match the schema: /zip: is required"


def test_without_a_policy_everything_goes_to_review() -> None:
    decided = route(None, confidence=1)
    assert decided.outcome == "review"
    assert [(fired.name, fired.kind) for fired in decided.fired] == [("no_policy", "no_policy")]
    assert decided.inclusion_probability == 1


def test_without_a_policy_a_risky_action_is_still_named() -> None:
    assert kinds(route(None, actions=[{"name": "wipe", "risk": {"destructive": True}}])) == ["no_policy", "high_risk"]


@pytest.mark.parametrize(
    ("outcomes", "winner"),
    [
        ([], "pass"),
        (["pass"], "pass"),
        (["review"], "review"),
        (["block"], "block"),
        (["pass", "review"], "review"),
        (["review", "pass"], "review"),
        (["block", "review"], "block"),
        (["review", "block"], "block"),
        (["pass", "block"], "block"),
        (["block", "pass", "review"], "block"),
    ],
)
def test_block_outranks_review_and_review_outranks_pass(outcomes: list[str], winner: str) -> None:
    rules = [rule("true", outcome, name=f"rule {n}") for n, outcome in enumerate(outcomes)]
    decided = route(policy(rules=rules))
    assert decided.outcome == winner
    assert [fired.name for fired in decided.fired] == [f"rule {n}" for n in range(len(outcomes))]
    assert set(kinds(decided)) <= {"rule"}


def test_a_rule_that_is_false_is_not_listed() -> None:
    assert route(policy(rules=[rule("false", "block")])).fired == ()


@pytest.mark.parametrize("check", ["threshold", "required_fields", "high_risk_actions", "rule_error"])
def test_no_pass_rule_lifts_a_check(check: str) -> None:
    all_parts: dict[str, dict[str, Any]] = {
        "threshold": {"threshold": 0.85},
        "required_fields": {"required_fields": ["/street"]},
        "high_risk_actions": {"high_risk_actions": ["refund"]},
        "rule_error": {},
    }
    parts = all_parts[check]
    rules = [rule("true", "pass", name="let it pass")]
    if check == "rule_error":
        rules.append(rule("output.nothing == 1", name="broken"))
    decided = route(policy(rules=rules, **parts), confidence=0.1, output={}, actions=[REFUND])
    assert decided.outcome == "review"


def test_a_block_rule_outranks_checks_and_all_are_listed() -> None:
    compiled = policy(threshold=0.85, required_fields=["/street"], rules=[rule("true", "block", name="never")])
    decided = route(compiled, confidence=0.1)
    assert decided.outcome == "block"
    assert kinds(decided) == ["threshold", "required_field", "rule"]
    assert decided.inclusion_probability == 0


@pytest.mark.parametrize(
    "when",
    [
        "output.nothing == 1",
        "output.city > 5",
        "output.city",
        "output.zip + output.city",
        "confidence > 0.5",
        "field_confidence['/nope'] < 0.9",
        "1 / int(output.zero) == 1",
        "output.list[7] == 1",
        "actions[0].name == 'x'",
        "output.list.all(a, [0,1,2,3,4,5,6,7,8,9].all(b, [0,1,2,3,4,5,6,7,8,9].all(c, "
        "[0,1,2,3,4,5,6,7,8,9].all(d, [0,1,2,3,4,5,6,7,8,9].all(e, true)))))",
    ],
)
def test_a_rule_without_a_yes_or_no_means_review(when: str) -> None:
    compiled = policy(rules=[rule(when, "pass", name="broken")])
    decided = route(compiled, output={"city": "Bonn", "zip": "5", "zero": 0, "list": [1, 2]})
    assert decided.outcome == "review"
    assert [(fired.name, fired.kind) for fired in decided.fired] == [("broken", "rule_error")]
    assert decided.inclusion_probability == 1


def test_a_block_rule_still_blocks_beside_a_broken_one() -> None:
    compiled = policy(rules=[rule("output.nothing == 1", name="broken"), rule("true", "block", name="never")])
    decided = route(compiled)
    assert decided.outcome == "block"
    assert kinds(decided) == ["rule_error", "rule"]


def test_checks_come_first_and_in_a_stable_order() -> None:
    compiled = policy(
        threshold=0.9,
        field_thresholds={"/zip": 0.9, "/city": 0.9},
        required_fields=["/street", "/country"],
        high_risk_actions=["refund"],
        rules=[rule("output.nothing", name="b"), rule("true", name="a")],
    )
    facts = read_facts({"output": {}, "confidence": 0.5, "actions": [REFUND]}, task_type="t")
    decided = decide_route(compiled, facts.with_schema_faults(("x",)), audit_draw=DRAWN)
    assert [fired.name for fired in decided.fired] == [
        "schema",
        "threshold",
        "/zip",
        "/city",
        "/street",
        "/country",
        "refund",
        "b",
        "a",
    ]


def test_every_reason_is_a_sentence_for_a_person() -> None:
    compiled = policy(
        threshold=1,
        field_thresholds={"/city": 0.9, "/zip": 0.5},
        required_fields=["/street"],
        rules=[rule("true", name="always")],
    )
    decided = route(compiled, confidence=0.25, field_confidence={"/city": 0.71})
    assert [fired.detail for fired in decided.fired] == [
        "confidence: 0.25 is below 1",
        "/city: 0.71 is below 0.9",
        "/zip: there is none",
        "/street is required, but missing",
        "this rule says review",
    ]


def test_the_terms_of_the_winning_rules_are_joined() -> None:
    rules = [
        rule("true", name="a", priority=20, skills=["refunds"], deadline="PT4H"),
        rule("true", name="b", queue="finance", priority=80, approvals_required=2, skills=["german"], deadline="PT1H"),
        rule("true", name="c", queue="legal", approvals_required=3, deadline="P1D"),
        rule("false", name="d", queue="nobody", priority=100, approvals_required=9, skills=["x"], deadline="PT1S"),
        rule("true", "pass", name="e", queue="nobody", priority=100, skills=["y"], deadline="PT1S"),
    ]
    decided = route(policy(rules=rules))
    assert decided.queue == "finance"
    assert decided.priority == 80
    assert decided.approvals_required == 3
    assert decided.skills == {"refunds", "german"}
    assert decided.deadline_ms == 3_600_000


def test_terms_that_no_rule_names_are_left_open() -> None:
    decided = route(policy(threshold=0.9), confidence=0.1)
    assert (decided.queue, decided.priority, decided.approvals_required) == (None, None, None)
    assert (decided.skills, decided.deadline_ms) == (frozenset(), None)


@pytest.mark.parametrize(
    ("draw", "outcome"), [(0.0, "review"), (0.0499999, "review"), (0.05, "pass"), (0.9999, "pass")]
)
def test_a_draw_below_the_audit_rate_is_reviewed(draw: float, outcome: str) -> None:
    decided = route(policy(audit_rate=0.05), audit_draw=draw)
    assert decided.outcome == outcome
    assert kinds(decided) == (["audit"] if outcome == "review" else [])
    assert decided.inclusion_probability == Decimal("0.05")


def test_an_audit_takes_no_terms_from_a_pass_rule() -> None:
    rules = [rule("true", "pass", name="fine", queue="finance", priority=90)]
    decided = route(policy(audit_rate=1, rules=rules), audit_draw=0.5)
    assert kinds(decided) == ["rule", "audit"]
    assert (decided.queue, decided.priority) == (None, None)


@pytest.mark.parametrize(("rate", "drawn"), [(0, "pass"), (None, "pass"), (1, "review")])
def test_the_audit_rate_reaches_from_never_to_always(rate: float | None, drawn: str) -> None:
    assert route(policy(audit_rate=rate), audit_draw=DRAWN).outcome == drawn
    assert route(policy(audit_rate=rate), audit_draw=NOT_DRAWN).outcome == drawn


@pytest.mark.parametrize(("rate", "text"), [(0.1, "0.1"), (0.05, "0.05"), (1, "1"), (1.0, "1"), (0, "0"), (None, "0")])
def test_the_inclusion_probability_is_the_rate_as_written(rate: float | None, text: str) -> None:
    assert str(route(policy(audit_rate=rate)).inclusion_probability) == text


def test_what_a_rule_sends_to_review_is_never_audited() -> None:
    decided = route(policy(audit_rate=1, threshold=0.9), confidence=0.1, audit_draw=DRAWN)
    assert kinds(decided) == ["threshold"]
    assert decided.inclusion_probability == 1


def test_what_is_blocked_is_never_audited() -> None:
    decided = route(policy(audit_rate=1, rules=[rule("true", "block")]), audit_draw=DRAWN)
    assert decided.outcome == "block"
    assert decided.inclusion_probability == 0
