"""A policy as its author writes it: the document of one version, read strictly and kept as plain values.

An unknown key is a fault, because a misspelt check would be a check that never runs. All faults of a document are
told at once, each with a JSON Pointer to its place. Says nothing about whether the rules compile.
Called when a policy is drafted and when a stored one is put to work.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

from app.kernel.durations import DurationInvalid, parse_duration
from app.kernel.errors import Fault, Invalid
from app.kernel.pointers import PointerInvalid, parse_pointer
from app.routing.rules.expressions import MAX_EXPRESSION_LENGTH
from app.routing.rules.facts import Facts, FactsInvalid, read_facts
from app.routing.rules.reading import Reading
from app.routing.rules.reasons import OUTCOMES, Outcome, Terms

MAX_RULES: Final = 50
MAX_TESTS: Final = 100
MAX_ENTRIES: Final = 200
MAX_PRIORITY: Final = 100
MAX_APPROVALS: Final = 10

_KEYS: Final = frozenset(
    {
        "task_type",
        "threshold",
        "field_thresholds",
        "required_fields",
        "high_risk_actions",
        "audit_rate",
        "rules",
        "tests",
    }
)
_RULE_KEYS: Final = frozenset(
    {"name", "when", "outcome", "queue", "priority", "approvals_required", "skills", "deadline"}
)


class PolicyInvalid(Invalid):
    """The policy breaks a rule of how policies are written."""


@dataclass(frozen=True)
class Rule:
    """An expression, the outcome it calls for when true, and on what terms."""

    name: str
    when: str
    outcome: Outcome
    terms: Terms


@dataclass(frozen=True)
class PolicyTest:
    """A submission that the author made up, and where it must go."""

    facts: Facts
    expect: Outcome


@dataclass(frozen=True)
class PolicyDocument:
    """One version of a policy. Pointers are kept with their steps; rules and tests in the author's order.

    `audit_rate` is the share of otherwise passed submissions that is reviewed, exactly as it was written.
    """

    task_type: str
    threshold: float | None
    field_thresholds: tuple[tuple[str, float], ...]
    required_fields: tuple[tuple[str, tuple[str, ...]], ...]
    high_risk_actions: frozenset[str]
    audit_rate: Decimal
    rules: tuple[Rule, ...]
    tests: tuple[PolicyTest, ...]


def read_policy(document: Mapping[str, Any]) -> PolicyDocument:
    """Return the policy that a document describes.

    Raises:
        PolicyInvalid: a key is unknown or missing, or a value is of the wrong form; the faults say where.
    """
    reading = Reading(document)
    reading.refuse_unknown(_KEYS)
    task_type = reading.text("task_type", required=True)
    policy = PolicyDocument(
        task_type=task_type or "",
        threshold=reading.number("threshold"),
        field_thresholds=_read_field_thresholds(reading),
        required_fields=_read_required_fields(reading),
        high_risk_actions=frozenset(reading.texts("high_risk_actions", at_most=MAX_ENTRIES)),
        audit_rate=_exactly(reading.number("audit_rate")),
        rules=tuple(_read_rule(rule) for rule in reading.objects("rules", at_most=MAX_RULES)),
        tests=tuple(_read_test(test, task_type or "") for test in reading.objects("tests", at_most=MAX_TESTS)),
    )
    _refuse_same_names(policy.rules, reading)
    if reading.faults:
        raise PolicyInvalid(faults=reading.faults)
    return policy


def _read_field_thresholds(reading: Reading) -> tuple[tuple[str, float], ...]:
    thresholds = reading.below("field_thresholds", at_most=MAX_ENTRIES)
    for pointer in thresholds.body:
        _steps(pointer, thresholds, pointer)
    return tuple((pointer, thresholds.number(pointer, required=True) or 0.0) for pointer in thresholds.body)


def _read_required_fields(reading: Reading) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pointers = reading.texts("required_fields", at_most=MAX_ENTRIES)
    return tuple(
        (pointer, _steps(pointer, reading, "required_fields", position)) for position, pointer in enumerate(pointers)
    )


def _steps(pointer: str, reading: Reading, *place: str | int) -> tuple[str, ...]:
    try:
        return parse_pointer(pointer)
    except PointerInvalid as error:
        reading.refuse(error.detail, *place)
        return ()


def _read_rule(reading: Reading) -> Rule:
    reading.refuse_unknown(_RULE_KEYS)
    deadline = reading.text("deadline")
    deadline_ms = None
    if deadline is not None:
        try:
            deadline_ms = parse_duration(deadline)
        except DurationInvalid as error:
            reading.refuse(error.detail, "deadline")
        if deadline_ms == 0:
            reading.refuse("must be longer than nothing", "deadline")
    return Rule(
        name=reading.text("name", required=True) or "",
        when=reading.text("when", required=True, longest=MAX_EXPRESSION_LENGTH) or "",
        outcome=_read_outcome(reading, "outcome"),
        terms=Terms(
            queue=reading.text("queue"),
            priority=reading.integer("priority", at_least=0, at_most=MAX_PRIORITY),
            approvals_required=reading.integer("approvals_required", at_least=1, at_most=MAX_APPROVALS),
            skills=frozenset(reading.texts("skills", at_most=MAX_ENTRIES)),
            deadline_ms=deadline_ms,
        ),
    )


def _read_test(reading: Reading, task_type: str) -> PolicyTest:
    reading.refuse_unknown(frozenset({"submission", "expect"}))
    submission = reading.below("submission", required=True)
    facts = Facts(task_type)
    if isinstance(reading.body.get("submission"), dict):
        try:
            facts = read_facts(submission.body, task_type=task_type)
        except FactsInvalid as error:
            reading.faults += [Fault(submission.pointer() + f.pointer, f.detail) for f in error.faults]
    return PolicyTest(facts, _read_outcome(reading, "expect"))


def _read_outcome(reading: Reading, key: str) -> Outcome:
    value = reading.body.get(key)
    if value in OUTCOMES:
        return cast(Outcome, value)
    reading.refuse("must be pass, review or block", key)
    return "review"


def _refuse_same_names(rules: tuple[Rule, ...], reading: Reading) -> None:
    seen: set[str] = set()
    for position, rule in enumerate(rules):
        if rule.name and rule.name in seen:
            reading.refuse("is the name of an earlier rule", "rules", position, "name")
        seen.add(rule.name)


def _exactly(number: float | None) -> Decimal:
    """Return the number with the digits of its shortest text, as its author wrote it."""
    return Decimal(repr(number or 0.0)).normalize()
