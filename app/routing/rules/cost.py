"""How long a rule could take at worst, so that none can stall the program that asks it.

The evaluator stops a rule after 10,000 steps of its loops, but a step may compare or search whole documents, and it
cannot be interrupted: one rule over a large submission could hold a process for minutes. So the cost of each
expression is bounded from its tree: a sum of terms, each some nanoseconds times the steps of the loops around it,
times the size of the facts where an operation reads all of a value. What cannot be bounded is refused when saved.
The constants are measured worst cases, rounded up. Called by the compiling and the evaluation of rules.
"""

from dataclasses import dataclass, field
from typing import Final

from app.routing.rules.checked_tree import Call, Collection, Constant, Field, Loop, Name, Node
from app.routing.rules.patterns import PatternTooLarge, pattern_cost
from app.routing.rules.values import (
    COMPARISONS,
    GETTERS,
    GIVES_SCALAR,
    PASSES_ON,
    READERS,
    is_constant_list,
    is_filter,
    is_number,
    is_part_of_facts,
    is_scalar,
    root_of,
    width_of,
)

Nodes = tuple[Node, ...]
Loops = tuple[str, ...]

# The evaluator's own limit on the steps of all loops of one evaluation.
MAX_STEPS: Final = 10_000

_NODE_NS: Final = 300.0
_BYTE_NS: Final = 30.0
_STATE_NS: Final = 60.0
# filter() copies its result for each element that it keeps.
_FILTER_NS: Final = 80.0
# Searching a text for another compares them once from each place, a little at a time.
_SEARCH_NS: Final = 0.2
_HASH_NS: Final = 0.5


class RuleRefused(ValueError):
    """The rule uses something that has no bounded cost; the text says what to write instead."""


@dataclass(frozen=True)
class Term:
    """Something done in each step of `loops` nested loops.

    It costs some nanoseconds times the size of the facts to the power of `sizes` times their longest length to the
    power of `lengths`.
    """

    loops: int
    sizes: int = 0
    lengths: int = 0


@dataclass(frozen=True)
class Cost:
    """The worst case of one expression. `names` are the variables it reads."""

    names: frozenset[str]
    terms: dict[Term, float]
    longest_constant: int

    def worst_case_ns(self, *, size: int, longest: int) -> float:
        """Return a bound in nanoseconds.

        Args:
            size: Bytes of JSON of all the facts that the expression reads, and of its own text.
            longest: Elements in the longest array or object among them.
        """
        length = float(max(longest, self.longest_constant))
        return sum(
            ns * min(length**term.loops, MAX_STEPS) * float(size) ** term.sizes * length**term.lengths
            for term, ns in self.terms.items()
        )


@dataclass
class _Meter:
    """Walks a tree and adds up its terms. `loops` are the variables of the loops around a node, outermost first."""

    variables: frozenset[str]
    names: set[str] = field(default_factory=set)
    terms: dict[Term, float] = field(default_factory=dict)
    longest_constant: int = 0

    def add(self, ns: float, depth: int, *, sizes: int = 0, lengths: int = 0) -> None:
        term = Term(depth, sizes, lengths)
        self.terms[term] = self.terms.get(term, 0.0) + ns

    def read(self, node: Node, loops: Loops, *, ns: float = _BYTE_NS, lengths: int = 0) -> None:
        """Add an operation that reads a value from end to end, with `lengths` 1 once for each element of another.

        All elements of one loop together are no larger than what it goes over, so reading a part of the loop's
        element costs the whole size once for the entire loop, not once for each step.
        """
        own_element = root_of(node) in loops
        self.add(ns * width_of(node), len(loops) - own_element, sizes=1, lengths=lengths)

    def visit(self, node: Node, loops: Loops) -> None:
        self.add(_NODE_NS, len(loops))
        match node:
            case Name(name):
                if name in self.variables and name not in loops:
                    self.names.add(name)
            case Field(operand):
                self.visit(operand, loops)
            case Collection(items):
                self.longest_constant = max(self.longest_constant, len(items))
                for item in items:
                    self.visit(item, loops)
            case Call(_, args):
                for arg in args:
                    self.visit(arg, loops)
                self.charge_call(node, loops)
            case Loop():
                self.charge_loop(node, loops)
            case Constant():
                pass

    def charge_loop(self, loop: Loop, loops: Loops) -> None:
        if not is_part_of_facts(loop.over):
            raise RuleRefused(
                "all, exists, exists_one and filter go over a field of the submission, a filter of one, "
                "or a list of constants"
            )
        inside = (*loops, loop.variable)
        self.visit(loop.over, loops)
        self.visit(loop.condition, inside)
        self.visit(loop.step, inside)
        self.visit(loop.result, loops)
        if is_filter(loop):
            self.add(_FILTER_NS, len(inside), lengths=1)

    def charge_call(self, call: Call, loops: Loops) -> None:
        function, args = call.function, call.args
        if function in COMPARISONS:
            self.charge_comparison(args, loops)
        elif function in READERS or function == "string":
            self.read(args[0], loops)
        elif function == "_+_":
            if not is_number(call):
                self.read(call, loops)
        elif function == "@in":
            self.charge_membership(args, loops)
        elif function in {"_[_]", "startsWith", "endsWith"}:
            if not is_scalar(args[1]):
                self.read(args[1], loops)
        elif function == "contains":
            self.charge_search(args, loops)
        elif function == "matches":
            self.charge_pattern(args, loops)
        elif function in GETTERS and len(args) > 1:
            raise RuleRefused(f"{function} takes no time zone in a rule; times are read in UTC")
        elif function not in GIVES_SCALAR | PASSES_ON:
            raise RuleRefused(f"{function} is not available in a rule")

    def charge_comparison(self, args: Nodes, loops: Loops) -> None:
        """Comparing ends with the smaller value, but the keys of the larger may all be hashed to look them up."""
        if any(is_scalar(arg) for arg in args):
            return
        smaller, larger = sorted(args, key=lambda arg: (root_of(arg) not in loops, width_of(arg)))
        self.read(smaller, loops)
        self.read(larger, loops, ns=_HASH_NS)

    def charge_membership(self, args: Nodes, loops: Loops) -> None:
        element, collection = args
        if not is_constant_list(collection):
            self.read(collection, loops)
        if not is_scalar(element):
            self.read(element, loops, ns=_HASH_NS, lengths=1)

    def charge_search(self, args: Nodes, loops: Loops) -> None:
        text, wanted = args
        if isinstance(wanted, Constant):
            self.read(text, loops, ns=_BYTE_NS + _SEARCH_NS * len(wanted.text or ""))
        else:
            self.read(text, loops)
            self.add(_SEARCH_NS * width_of(text) * width_of(wanted), len(loops), sizes=2)

    def charge_pattern(self, args: Nodes, loops: Loops) -> None:
        text, pattern = args
        if not isinstance(pattern, Constant) or pattern.text is None:
            raise RuleRefused("the pattern of matches must be written out in the rule")
        try:
            cost = pattern_cost(pattern.text)
        except PatternTooLarge:
            raise RuleRefused("a pattern of matches is too large; use fewer or smaller repetitions") from None
        self.add(cost.compile_ns, len(loops))
        self.read(text, loops, ns=_STATE_NS * cost.states)


def measure(tree: Node, *, variables: frozenset[str]) -> Cost:
    """Return the worst case of an expression.

    Raises:
        RuleRefused: something in it has no bound, or is not available in rules.
    """
    meter = _Meter(variables)
    meter.visit(tree, ())
    return Cost(frozenset(meter.names), meter.terms, meter.longest_constant)
