"""JSON Pointer (RFC 6901): name one place inside a JSON value, look there, or put something there.

A pointer is "" for the whole value, else a "/" before each step, with ~1 for "/" and ~0 for "~" inside a step.
Values are never changed in place: putting something somewhere returns a new value that shares what did not change.
Knows no product word. Called wherever a field is named: rules, forms, and the faults of a body.
"""

import re
from collections.abc import Iterable
from enum import Enum
from typing import Any, Final

from app.kernel.errors import Invalid

MAX_LENGTH: Final = 1_000
_LONE_TILDE: Final = re.compile("~(?![01])")
_INDEX: Final = re.compile("0|[1-9][0-9]{0,8}")


class PointerInvalid(Invalid):
    """A JSON Pointer is empty or starts with "/", has ~ only as ~0 or ~1, and at most 1,000 characters."""


class NoSuchPlace(Invalid):
    """The value has no place of that name."""


class Absent(Enum):
    """What is found where nothing is; null is something."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT


def parse_pointer(pointer: str) -> tuple[str, ...]:
    """Return the steps of a pointer, unescaped.

    Raises:
        PointerInvalid: it is not a JSON Pointer, or too long.
    """
    if not pointer:
        return ()
    if len(pointer) > MAX_LENGTH or not pointer.startswith("/") or _LONE_TILDE.search(pointer):
        raise PointerInvalid
    # ~1 goes first: ~01 must become ~1, not a slash.
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def build_pointer(steps: Iterable[str | int]) -> str:
    """Return the pointer with these steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def resolve(value: Any, steps: Iterable[str]) -> Any:
    """Return what stands there, or ABSENT."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list):
            value = value[int(step)] if _is_index(step) and int(step) < len(value) else ABSENT
        else:
            return ABSENT
    return value


def put(value: Any, steps: tuple[str, ...], replacement: Any) -> Any:
    """Return the value with the replacement in that place.

    A last step may name a new key, or "-" for a new last element; everything before it must exist.

    Raises:
        NoSuchPlace: the way there leads through something absent or through neither an object nor an array.
    """
    if not steps:
        return replacement
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict) and (step in value or not rest):
        return {**value, step: put(value.get(step), rest, replacement)}
    if isinstance(value, list):
        if step == "-" and not rest:
            return [*value, replacement]
        if _is_index(step) and int(step) < len(value):
            index = int(step)
            return [*value[:index], put(value[index], rest, replacement), *value[index + 1 :]]
    raise NoSuchPlace


def _is_index(step: str) -> bool:
    return _INDEX.fullmatch(step) is not None
