"""Policies and submissions for the tests of routing, as an integrator would write them."""

from typing import Any

from app.routing.rules.document import read_policy
from app.routing.rules.facts import read_facts
from app.routing.rules.policy import CompiledPolicy, compile_policy
from app.routing.rules.route import Route, decide_route

# No draw is below an audit rate with this, and every positive rate is above the other.
NOT_DRAWN = 0.999999
DRAWN = 0.0


def policy(**parts: Any) -> CompiledPolicy:
    """A compiled policy of these parts."""
    return compile_policy(read_policy({"task_type": "address_fields", **parts}))


def rule(when: str, outcome: str = "review", name: str = "", **terms: Any) -> dict[str, Any]:
    """A rule of a policy; its name is its expression unless given."""
    return {"name": name or when, "when": when, "outcome": outcome, **terms}


def route(compiled: CompiledPolicy | None, audit_draw: float = NOT_DRAWN, **submission: Any) -> Route:
    """Where a submission goes; without output and actions it gets an output."""
    if "output" not in submission and "actions" not in submission:
        submission["output"] = {"city": "Bonn", "zip": "53111"}
    return decide_route(compiled, read_facts(submission, task_type="address_fields"), audit_draw=audit_draw)


def kinds(decided: Route) -> list[str]:
    """What fired, by kind."""
    return [fired.kind for fired in decided.fired]
