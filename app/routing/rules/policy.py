"""A policy's own tests: submissions that its author made up, each with the route it must take.

They run before a policy is published, on the very decision that live submissions meet, with the audit off. The schema
of the task type is not part of a policy and plays no part in them. Called when a policy is published.
"""

from dataclasses import dataclass

from app.routing.rules.compiled import CompiledPolicy, compile_policy
from app.routing.rules.reasons import Outcome
from app.routing.rules.route import decide_route

__all__ = ["CompiledPolicy", "PolicyTestFailure", "compile_policy", "run_policy_tests"]

# Every audit rate is at most 1, so nothing is ever drawn with this.
_NEVER_DRAWN = 1.0


@dataclass(frozen=True)
class PolicyTestFailure:
    """A test that went elsewhere. `position` counts from 0; `detail` says where it went and why."""

    position: int
    expected: Outcome
    got: Outcome
    detail: str


def run_policy_tests(compiled: CompiledPolicy) -> tuple[PolicyTestFailure, ...]:
    """Return the tests that fail, in their order; none means that the policy does what its author expects."""
    failures = []
    for position, test in enumerate(compiled.document.tests):
        route = decide_route(compiled, test.facts, audit_draw=_NEVER_DRAWN)
        if route.outcome != test.expect:
            why = "; ".join(f"{fired.name}: {fired.detail}" for fired in route.fired) or "nothing speaks against it"
            detail = f"expected {test.expect}, but the policy says {route.outcome}: {why}"
            failures.append(PolicyTestFailure(position, test.expect, route.outcome, detail[:1_000]))
    return tuple(failures)
