"""The syntax tree of a compiled CEL expression, as far as its cost depends on it.

The compiler hands its tree out only in serialized form: `cel.expr.CheckedExpr`, a published Protocol Buffers message
(https://github.com/cel-expr/cel-spec, proto/cel/expr/checked.proto and syntax.proto) inside a `google.protobuf.Any`.
This reads the few fields needed; unknown ones are skipped. Called when an expression is compiled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class UnknownTree(ValueError):
    """The compiler's tree has a form that is not known here."""


@dataclass(frozen=True)
class Constant:
    """A literal; `text` is its text if it is a string."""

    text: str | None = None


@dataclass(frozen=True)
class Name:
    """A variable, a loop's variable, or the name of a type."""

    name: str


@dataclass(frozen=True)
class Field:
    """`operand.field`, or `has(operand.field)`."""

    operand: "Node"
    only_asks: bool


@dataclass(frozen=True)
class Call:
    """A function or operator; what stands before its dot comes first in `args`."""

    function: str
    args: tuple["Node", ...]


@dataclass(frozen=True)
class Collection:
    """A list or map that is written out."""

    items: tuple["Node", ...]


@dataclass(frozen=True)
class Loop:
    """What all, exists, exists_one and filter become."""

    variable: str
    over: "Node"
    start: "Node"
    condition: "Node"
    step: "Node"
    result: "Node"


Node = Constant | Name | Field | Call | Collection | Loop


def read_tree(serialized: bytes) -> Node:
    """Return the tree of a serialized expression.

    Raises:
        UnknownTree: it is not what the compiler of today hands out.
    """
    try:
        checked = _single(_single(serialized, 2), 4)
        return _read_node(checked)
    except (LookupError, UnicodeDecodeError, TypeError) as error:
        raise UnknownTree(str(error)) from error


def _read_node(message: bytes) -> Node:
    for number, part in _fields(message):
        match number:
            case 3:
                return _read_constant(part)
            case 4:
                return Name(_single(part, 1).decode().removeprefix("."))
            case 5:
                return Field(_read_node(_single(part, 1)), only_asks=_has(part, 3))
            case 6:
                args = tuple(_read_node(arg) for arg in [*_all(part, 1), *_all(part, 3)])
                return Call(_single(part, 2).decode(), args)
            case 7:
                return Collection(tuple(_read_node(item) for item in _all(part, 1)))
            case 8:
                return _read_map(part)
            case 9:
                return _read_loop(part)
    raise UnknownTree("an expression without a kind")


def _read_constant(message: bytes) -> Constant:
    return Constant(_single(message, 6).decode() if _has(message, 6) else None)


def _read_map(message: bytes) -> Collection:
    if _has(message, 1):
        raise UnknownTree("an object of a named type")
    items = [_single(entry, number) for entry in _all(message, 2) for number in (3, 4)]
    return Collection(tuple(_read_node(item) for item in items))


def _read_loop(message: bytes) -> Loop:
    if _has(message, 8):
        raise UnknownTree("a loop with two variables")
    over, start, condition, step, result = (_read_node(_single(message, number)) for number in (2, 4, 5, 6, 7))
    return Loop(_single(message, 1).decode(), over, start, condition, step, result)


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Yield number and content of each field: bytes if it has a length, else an integer or raw bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        match key & 7:
            case 0:
                content, at = _varint(message, at)
                yield key >> 3, content
            case 1 | 5 as width:
                size = 8 if width == 1 else 4
                yield key >> 3, message[at : at + size]
                at += size
            case 2:
                size, at = _varint(message, at)
                yield key >> 3, message[at : at + size]
                at += size
            case wire_type:
                raise UnknownTree(f"wire type {wire_type}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _all(message: bytes, wanted: int) -> list[bytes]:
    return [content for number, content in _fields(message) if number == wanted]


def _has(message: bytes, wanted: int) -> bool:
    return any(number == wanted for number, _ in _fields(message))


def _single(message: bytes, wanted: int) -> bytes:
    return _all(message, wanted)[0]
