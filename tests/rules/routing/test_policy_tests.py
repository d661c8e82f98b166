"""A policy carries its own tests; they run on the decision that live submissions meet."""

from typing import Any

from app.routing.rules.policy import run_policy_tests
from tests.rules.routing.policies import policy, rule

GOOD = {"output": {"zip": "1"}, "confidence": 0.99}
BAD = {"output": {"zip": "1"}, "confidence": 0.1}


def expecting(submission: dict[str, Any], expect: str) -> dict[str, Any]:
    """A test of a policy."""
    return {"submission": submission, "expect": expect}


def test_a_policy_that_does_what_it_should_has_no_failures() -> None:
    compiled = policy(
        threshold=0.5,
        rules=[rule("output.zip == '666'", "block")],
        tests=[
            expecting(GOOD, "pass"),
            expecting(BAD, "review"),
            expecting({"output": {"zip": "666"}, "confidence": 1}, "block"),
        ],
    )
    assert run_policy_tests(compiled) == ()


def test_each_failure_says_which_test_and_why() -> None:
    compiled = policy(threshold=0.5, tests=[expecting(GOOD, "pass"), expecting(BAD, "pass"), expecting(GOOD, "block")])
    failures = run_policy_tests(compiled)
    assert [(failure.position, failure.expected, failure.got) for failure in failures] == [
        (1, "pass", "review"),
        (2, "block", "pass"),
    ]
    assert failures[0].detail == "expected pass, but the policy says review: threshold: confidence: 0.1 is below 0.5"
    assert failures[1].detail == "expected block, but the policy says pass: nothing speaks against it"


def test_the_audit_is_off() -> None:
    assert run_policy_tests(policy(audit_rate=1, tests=[expecting(GOOD, "pass")])) == ()


def test_a_rule_that_fails_on_a_test_counts_as_review() -> None:
    compiled = policy(rules=[rule("output.absent == 1", name="broken")], tests=[expecting(GOOD, "pass")])
    [failure] = run_policy_tests(compiled)
    assert failure.got == "review"
    assert "broken: this rule gave no answer" in failure.detail
