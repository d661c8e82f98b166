"""The checks that every policy offers without an expression: thresholds, required fields, high-risk actions.

Each returns the reasons for a person to look, in the order of the document; none ever lets anything pass that
another would stop. Called by the decision on a route.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.kernel.pointers import ABSENT, resolve
from app.routing.rules.document import PolicyDocument
from app.routing.rules.facts import Facts
from app.routing.rules.reasons import FiredRule

_HIGH_LEVELS: Final = frozenset({"high", "critical"})
_SHOWN_FAULTS: Final = 3


def check_schema(facts: Facts) -> Iterator[FiredRule]:
    """An output that does not match the schema of its task type."""
    if facts.schema_faults:
        shown = "; ".join(facts.schema_faults[:_SHOWN_FAULTS])
        more = len(facts.schema_faults) - _SHOWN_FAULTS
        yield FiredRule(
            "schema", "schema", f"does not match the schema: {shown}" + (f"; and {more} more" if more > 0 else "")
        )


def check_confidence(document: PolicyDocument, facts: Facts) -> Iterator[FiredRule]:
    """A confidence below a threshold, or none where the policy wants one. At the threshold is enough."""
    if not facts.has_output:
        return
    if document.threshold is not None:
        problem = _below(facts.confidence, document.threshold)
        if problem:
            yield FiredRule("threshold", "threshold", f"confidence: {problem}")
    for pointer, threshold in document.field_thresholds:
        problem = _below(facts.field_confidence.get(pointer), threshold)
        if problem:
            yield FiredRule(pointer, "field_threshold", f"{_shown(pointer)}: {problem}")


def check_required_fields(document: PolicyDocument, facts: Facts) -> Iterator[FiredRule]:
    """A required field of the output that is absent or null."""
    if not facts.has_output:
        return
    for pointer, steps in document.required_fields:
        value = resolve(facts.output, steps)
        if value is ABSENT or value is None:
            yield FiredRule(pointer, "required_field", f"{_shown(pointer)} is required, but missing")


def check_actions(high_risk_actions: frozenset[str], facts: Facts) -> Iterator[FiredRule]:
    """An action that the policy names, or that its own program calls risky, destructive or irreversible."""
    fired: dict[FiredRule, None] = {}
    for action in facts.actions:
        name = str(action.get("name"))
        fired.update((FiredRule(name, "high_risk", f"{name} {why}"), None) for why in _risks(action, high_risk_actions))
    yield from fired


def _risks(action: Mapping[str, Any], high_risk_actions: frozenset[str]) -> Iterator[str]:
    if action.get("name") in high_risk_actions:
        yield "is a high-risk action"
    risk = action.get("risk")
    if not isinstance(risk, dict):
        return
    level = risk.get("level")
    if isinstance(level, str) and level in _HIGH_LEVELS:
        yield f"is of {level} risk"
    if risk.get("reversible") is False:
        yield "cannot be undone"
    if risk.get("destructive") is True:
        yield "is destructive"


def _below(confidence: float | None, threshold: float) -> str | None:
    if confidence is None:
        return "there is none"
    if confidence >= threshold:
        return None
    return f"{_number(confidence)} is below {_number(threshold)}"


def _number(number: float) -> str:
    return repr(number).removesuffix(".0")


def _shown(pointer: str) -> str:
    return pointer or "the output"
