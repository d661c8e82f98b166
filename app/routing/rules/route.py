"""Decide where a submission goes: it passes, a person reviews it, or it is blocked.

Block outranks review and review outranks pass, in whatever order rules are written; anything that cannot be decided
goes to review. Every reason is listed. The probability that a submission like this one is reviewed goes with each
route, or nothing could be said later about what passed unseen. Called by the flow in and by the tests of a policy.
"""

from dataclasses import dataclass
from decimal import Decimal
from itertools import chain

from app.routing.rules.checks import check_actions, check_confidence, check_required_fields, check_schema
from app.routing.rules.compiled import CompiledPolicy
from app.routing.rules.document import Rule
from app.routing.rules.expressions import Problem, Subject, evaluate
from app.routing.rules.facts import Facts
from app.routing.rules.reasons import OUTCOMES, FiredRule, Outcome, join_terms

_NO_POLICY = FiredRule("no_policy", "no_policy", "there is no published policy for this task type")


@dataclass(frozen=True)
class Route:
    """Where a submission goes. `fired` lists the checks first, then the rules in the order they were written.

    `inclusion_probability` is 1 when a check or rule called for the review, 0 when blocked, and the audit rate for
    everything else, audited or not. What is None is left to the task type.
    """

    outcome: Outcome
    fired: tuple[FiredRule, ...]
    queue: str | None
    priority: int | None
    approvals_required: int | None
    skills: frozenset[str]
    deadline_ms: int | None
    inclusion_probability: Decimal


def decide_route(policy: CompiledPolicy | None, facts: Facts, *, audit_draw: float) -> Route:
    """Return where these facts lead under a policy, or under none.

    Args:
        audit_draw: A number in [0, 1) that belongs to the submission and that its sender cannot predict.
    """
    if policy is None:
        unruled = (_NO_POLICY, *check_schema(facts), *check_actions(frozenset(), facts))
        return _route("review", unruled, (), Decimal(1))
    document = policy.document
    checks = tuple(
        chain(
            check_schema(facts),
            check_confidence(document, facts),
            check_required_fields(document, facts),
            check_actions(document.high_risk_actions, facts),
        )
    )
    matching, rules = _ask_rules(policy, facts)
    fired = (*checks, *rules)
    calls: list[Outcome] = ["pass", *(rule.outcome for rule in matching)]
    if checks or any(rule.kind == "rule_error" for rule in rules):
        calls.append("review")
    outcome = max(calls, key=OUTCOMES.index)
    if outcome != "pass":
        return _route(outcome, fired, matching, Decimal(1 if outcome == "review" else 0))
    if audit_draw < document.audit_rate:
        audited = FiredRule("audit", "audit", "picked at random to check what would have passed")
        return _route("review", (*fired, audited), (), document.audit_rate)
    return _route("pass", fired, matching, document.audit_rate)


def _ask_rules(policy: CompiledPolicy, facts: Facts) -> tuple[tuple[Rule, ...], tuple[FiredRule, ...]]:
    """Return the rules that match, and what every rule that matches or fails has to say."""
    if not policy.expressions:
        return (), ()
    matching, fired = [], []
    answers = evaluate(policy.expressions, Subject(facts))
    for rule, answer in zip(policy.document.rules, answers, strict=True):
        if isinstance(answer, Problem):
            fired.append(FiredRule(rule.name, "rule_error", f"this rule gave no answer: {answer.detail}"))
        elif answer:
            matching.append(rule)
            fired.append(FiredRule(rule.name, "rule", f"this rule says {rule.outcome}"))
    return tuple(matching), tuple(fired)


def _route(
    outcome: Outcome, fired: tuple[FiredRule, ...], matching: tuple[Rule, ...], inclusion_probability: Decimal
) -> Route:
    terms = join_terms([rule.terms for rule in matching if rule.outcome == outcome])
    return Route(
        outcome=outcome,
        fired=fired,
        queue=terms.queue,
        priority=terms.priority,
        approvals_required=terms.approvals_required,
        skills=terms.skills,
        deadline_ms=terms.deadline_ms,
        inclusion_probability=inclusion_probability,
    )
