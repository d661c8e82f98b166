"""What the tree of a rule tells about its values before any is known: whose part they are, how large they can be.

Called by the bounding of costs.
"""

from typing import Final

from app.routing.rules.checked_tree import Call, Collection, Constant, Field, Loop, Name, Node

COMPARISONS: Final = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"})
LOGIC: Final = frozenset({"_&&_", "_||_", "!_", "@not_strictly_false"})
ARITHMETIC: Final = frozenset({"_-_", "_*_", "_/_", "_%_", "-_"})
GETTERS: Final = frozenset(
    {
        "getFullYear",
        "getMonth",
        "getDate",
        "getDayOfMonth",
        "getDayOfWeek",
        "getDayOfYear",
        "getHours",
        "getMinutes",
        "getSeconds",
        "getMilliseconds",
    }
)
# These read a text from end to end at most once and give something small.
READERS: Final = frozenset({"size", "int", "uint", "double", "bool", "timestamp", "duration"})
GIVES_SCALAR: Final = COMPARISONS | LOGIC | ARITHMETIC | GETTERS | READERS | {"type", "@in"}
PASSES_ON: Final = frozenset({"dyn", "_?_:_"})


def root_of(node: Node) -> str | None:
    """Return the variable that this value is a part of."""
    match node:
        case Name(name):
            return name
        case Field(operand) | Call("_[_]", (operand, _)) | Call("dyn", (operand,)):
            return root_of(operand)
        case _:
            return None


def width_of(node: Node) -> int:
    """Return how many times the size of all facts this could have."""
    match node:
        case Call("_[_]", (operand, _)) | Field(operand):
            return width_of(operand)
        case Call("_+_" | "_?_:_" | "string" | "dyn", args) | Collection(args):
            return 1 + sum(width_of(arg) for arg in args)
        case _:
            return 1


def is_scalar(node: Node) -> bool:
    """Tell whether a value is certainly small: a literal, a number, a truth value, a time, or a type."""
    match node:
        case Constant() | Field(_, True):
            return True
        case Call(function, _):
            return function in GIVES_SCALAR or function == "matches" or is_number(node)
        case Loop():
            return not is_filter(node)
        case _:
            return False


def is_number(node: Node) -> bool:
    match node:
        case Constant(text):
            return text is None
        case Call("_+_", args):
            return any(is_number(arg) for arg in args)
        case Call(function, _):
            return function in ARITHMETIC | READERS | GETTERS
        case _:
            return False


def is_constant_list(node: Node) -> bool:
    return isinstance(node, Collection) and all(isinstance(item, Constant) for item in node.items)


def is_filter(loop: Loop) -> bool:
    return isinstance(loop.start, Collection)


def is_part_of_facts(node: Node) -> bool:
    """Tell whether a value is part of the facts or of the rule's text, so that it is no larger than they are."""
    match node:
        case Name():
            return True
        case Field(operand) | Call("_[_]", (operand, _)) | Call("dyn", (operand,)):
            return is_part_of_facts(operand)
        case Loop():
            return is_filter(node)
        case _:
            return is_constant_list(node)
