"""The rules that an admin writes: CEL expressions over the facts of a submission, checked when they are saved.

Only true or false is an answer. An error, another kind of value, or an evaluation that could take too long is a
problem, and a problem means that a person looks. The evaluator stops after 10,000 steps of loops; because it cannot
be interrupted otherwise, the worst case of each rule is computed first and a rule above its budget is not run.
Called by the compiling of policies and by the decision on a route.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cel_expr_python import cel

from app.kernel.strict_json import encode
from app.routing.rules.checked_tree import UnknownTree, read_tree
from app.routing.rules.cost import Cost, RuleRefused, measure
from app.routing.rules.facts import Facts
from app.routing.rules.patterns import patterns

MAX_EXPRESSION_LENGTH: Final = 4_000
# What one rule, and all rules of a policy together, may take at worst for one submission.
RULE_BUDGET_NS: Final = 250_000_000
POLICY_BUDGET_NS: Final = 1_000_000_000
# 50 rules that each stay below this never exceed the budget of their policy.
SMALL_RULE_NS: Final = POLICY_BUDGET_NS // 50

TOO_LONG: Final = "the submission is too large for this rule to be checked quickly"

_MAP: Final = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
_TYPES: Final = {
    "output": cel.Type.DYN,
    "confidence": cel.Type.DYN,
    "field_confidence": _MAP,
    "actions": cel.Type.List(_MAP),
    "model": _MAP,
    "prompt": _MAP,
    "metadata": _MAP,
    "usage": _MAP,
    "requested_by": _MAP,
    "external_id": cel.Type.STRING,
    "task_type": cel.Type.STRING,
}
VARIABLES: Final = frozenset(_TYPES)
# map() could build values that double with each use; a rule has no need of it.
_ENV: Final = cel.NewEnv(config=cel.NewEnvConfigFromYaml("stdlib:\n  exclude_macros:\n    - map\n"), variables=_TYPES)
_PATTERN_CHECK: Final = cel.NewEnv(variables={"pattern": cel.Type.STRING}).compile("''.matches(pattern)")
_COMPILER_LINE: Final = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")


class ExpressionRefused(ValueError):
    """The text is not a rule; the message is a sentence part for its author."""


@dataclass(frozen=True)
class Problem:
    """Why a rule gave no answer."""

    detail: str


@dataclass(frozen=True)
class Expression:
    """A compiled rule. Safe to share between threads; compile once, evaluate often."""

    text: str
    cost: Cost
    program: Any


class Subject:
    """The facts of one submission in the form that expressions read; made once, used for all rules of a policy."""

    def __init__(self, facts: Facts) -> None:
        self._values: dict[str, Any] = {
            "output": facts.output if facts.has_output else None,
            "confidence": facts.confidence,
            "field_confidence": dict(facts.field_confidence),
            "actions": [dict(action) for action in facts.actions],
            "model": dict(facts.model),
            "prompt": dict(facts.prompt),
            "metadata": dict(facts.metadata),
            "usage": dict(facts.usage),
            "requested_by": dict(facts.requested_by),
            "external_id": facts.external_id or "",
            "task_type": facts.task_type,
        }
        # The evaluator converts a variable when a rule first reads it and keeps it for the other rules.
        self.activation = _ENV.Activation(self._values)
        self._encoded: dict[str, bytes] = {}

    def worst_case_ns(self, expression: Expression) -> float:
        """Return a bound on the time that this expression takes for these facts."""
        cost = expression.cost
        parts = [self._encode(name) for name in cost.names]
        size = len(expression.text) + sum(map(len, parts))
        # An array has no more elements than there are commas and one. Counting is worth while only if that is not
        # enough to call the rule small.
        longest = max((part.count(b",") + 1 for part in parts), default=0)
        bound = cost.worst_case_ns(size=size, longest=longest)
        if bound > SMALL_RULE_NS and longest:
            longest = max(_longest(self._values[name]) for name in cost.names)
            bound = cost.worst_case_ns(size=size, longest=longest)
        return bound

    def _encode(self, name: str) -> bytes:
        if name not in self._encoded:
            self._encoded[name] = encode(self._values[name])
        return self._encoded[name]


def compile_expression(text: str) -> Expression:
    """Check a rule against the declared variables and make it ready to run.

    Raises:
        ExpressionRefused: it is too long, not CEL, names something undeclared, mixes types, has a result that can
            never be true or false, a pattern that is no regular expression, or no bound on its cost.
    """
    if len(text) > MAX_EXPRESSION_LENGTH:
        raise ExpressionRefused(f"has more than {MAX_EXPRESSION_LENGTH:,} characters")
    try:
        program = _ENV.compile(text)
    except RuntimeError as error:
        raise ExpressionRefused(_sentence(str(error))) from None
    except TypeError:
        raise ExpressionRefused("is not a text of Unicode characters") from None
    result = program.return_type()
    if result not in (cel.Type.BOOL, cel.Type.DYN):
        raise ExpressionRefused(f"must give true or false, but gives {result}")
    try:
        tree = read_tree(program.serialize())
        cost = measure(tree, variables=VARIABLES)
    except (RuleRefused, UnknownTree) as error:
        raise ExpressionRefused(str(error)) from None
    for pattern in patterns(tree):
        problem = _PATTERN_CHECK.eval(data={"pattern": pattern})
        if not isinstance(problem.value(), bool):
            raise ExpressionRefused(f"has a pattern that is no regular expression: {_shortened(problem)}")
    return _warmed(Expression(text, cost, program))


def evaluate(expressions: Sequence[Expression], subject: Subject) -> list[bool | Problem]:
    """Return each rule's answer, or its problem. Never raises and never takes much longer than the policy's budget.

    The answers do not depend on the order of the rules: when all together could take too long, each that is not
    small is left out.
    """
    try:
        bounds = [subject.worst_case_ns(expression) for expression in expressions]
    except (TypeError, ValueError) as error:
        return [Problem(f"the submission cannot be read by rules: {error}")] * len(expressions)
    budget = RULE_BUDGET_NS if sum(bounds) <= POLICY_BUDGET_NS else SMALL_RULE_NS
    return [
        _evaluate(expression, subject) if bound <= budget else Problem(TOO_LONG)
        for expression, bound in zip(expressions, bounds, strict=True)
    ]


def _evaluate(expression: Expression, subject: Subject) -> bool | Problem:
    try:
        result = expression.program.eval(subject.activation)
        value = result.value()
        if isinstance(value, bool):
            return value
        if result.type() == cel.Type.ERROR:
            return Problem(f"it could not be decided: {_shortened(result)}")
        return Problem(f"it gave {result.type()}, not true or false")
    # Whatever goes wrong in here, a person looks instead.
    except Exception as error:
        return Problem(f"it could not be decided: {_shortened(error)}")


def _warmed(expression: Expression) -> Expression:
    """Build the program now: its first evaluation does, and two threads must not both be the first."""
    evaluate([expression], Subject(Facts(task_type="")))
    return expression


def _longest(value: Any) -> int:
    """Return the elements of the longest array or object in a value."""
    longest, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            one = list(one.values())
        elif not isinstance(one, list):
            continue
        longest = max(longest, len(one))
        waiting.extend(one)
    return longest


def _sentence(message: str) -> str:
    """Return what the compiler says without its drawing of the place."""
    lines = [
        (f"at line {line}, column {column}: " if int(line) > 0 else "") + text.removesuffix(" (in container '')")
        for line, column, text in _COMPILER_LINE.findall(message)
    ]
    return "; ".join(lines[:5])[:500] or _shortened(message)


def _shortened(message: object) -> str:
    return str(message).split("\n", maxsplit=1)[0][:200]
