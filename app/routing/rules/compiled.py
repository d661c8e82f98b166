"""A policy made ready to run: its document with every rule compiled, once, to be used for many submissions.

Called when a policy is drafted, so that a rule that does not compile is never kept, and when one is put to work.
"""

from dataclasses import dataclass

from app.kernel.errors import Fault
from app.routing.rules.document import PolicyDocument, PolicyInvalid, Rule
from app.routing.rules.expressions import Expression, ExpressionRefused, compile_expression


@dataclass(frozen=True)
class CompiledPolicy:
    """One version of a policy and its compiled rules, in the same order. Safe to share between threads."""

    document: PolicyDocument
    expressions: tuple[Expression, ...]


def compile_policy(document: PolicyDocument) -> CompiledPolicy:
    """Return the policy ready to run.

    Raises:
        PolicyInvalid: rules that do not compile; the faults name each and say why.
    """
    faults: list[Fault] = []
    expressions = [_compile(position, rule, faults) for position, rule in enumerate(document.rules)]
    if faults:
        raise PolicyInvalid(faults=faults)
    return CompiledPolicy(document, tuple(expression for expression in expressions if expression is not None))


def _compile(position: int, rule: Rule, faults: list[Fault]) -> Expression | None:
    try:
        return compile_expression(rule.when)
    except ExpressionRefused as refused:
        faults.append(Fault(f"/rules/{position}/when", str(refused)))
        return None
