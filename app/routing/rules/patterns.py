"""Regular expressions inside rules: where they stand, and what they can cost.

The engine behind `matches` takes time linear in the text, but a pattern with many repetitions multiplies it by
thousands, and each evaluation compiles the pattern anew. Called by the bounding of costs and the compiling of rules.
"""

import re
from dataclasses import dataclass
from typing import Final

from app.routing.rules.checked_tree import Call, Collection, Constant, Field, Loop, Node

MAX_STATES: Final = 1_000
MAX_COMPILE_NS: Final = 100_000_000

_STATE_NS: Final = 10_000
# A class of Unicode characters, such as all letters, is an automaton of its own wherever it stands.
_UNICODE_CLASS_FACTOR: Final = 150
_UNICODE_CLASS: Final = re.compile(r"\\[pP]|\[:")
_COUNT: Final = re.compile(r"\{(\d{1,6})(?:,(\d{0,6}))?\}")


class PatternTooLarge(ValueError):
    """The pattern has more repetitions than can be checked quickly."""


@dataclass(frozen=True)
class PatternCost:
    """`states` is what a character may cost at worst, each a fixed time; compiling takes at most `compile_ns`."""

    states: int
    compile_ns: int


def pattern_cost(pattern: str) -> PatternCost:
    """Return a bound on the cost of a pattern. A repeated group counts for the whole, which errs on the safe side.

    Raises:
        PatternTooLarge: above 1,000 states, or above 100 ms to compile.
    """
    states, groups = len(pattern), 1
    for count in _COUNT.finditer(pattern):
        times = max(int(count[1]), int(count[2] or 0), 1)
        if pattern[: count.start()].endswith(")"):
            groups *= times
        else:
            states += times
    states *= groups
    compile_ns = states * _STATE_NS * (_UNICODE_CLASS_FACTOR if _UNICODE_CLASS.search(pattern) else 1)
    if states > MAX_STATES or compile_ns > MAX_COMPILE_NS:
        raise PatternTooLarge
    return PatternCost(states, compile_ns)


def patterns(tree: Node) -> list[str]:
    """Return the regular expressions that stand in an expression."""
    match tree:
        case Call("matches", (text, Constant(str() as pattern))):
            return [*patterns(text), pattern]
        case Call(_, args):
            return [found for arg in args for found in patterns(arg)]
        case Collection(items):
            return [found for item in items for found in patterns(item)]
        case Field(operand):
            return patterns(operand)
        case Loop():
            return [found for part in (tree.over, tree.condition, tree.step) for found in patterns(part)]
        case _:
            return []
