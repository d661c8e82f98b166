"""Read what a person typed into one field: text, a number, or raw JSON.

Promise: whatever comes out can be stored and sent on as it is: integers within 2^53, finite numbers, no key twice,
no character that PostgreSQL or UTF-8 cannot hold, not nested beyond 64. Everything else is `Unreadable`, with a
sentence for the person who typed it. Called when a posted form is read.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NoReturn

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
_SHORT = 72


class Unreadable(ValueError):
    """The typed text does not stand for a value of this field; the message is for the person."""


def dump_json(value: Any) -> str:
    """JSON text for a field: on one line when short, else indented; letters stay as they are."""
    line = json.dumps(value, ensure_ascii=False)
    return line if len(line) <= _SHORT else json.dumps(value, ensure_ascii=False, indent=2)


def parse_text(text: str, original: Any) -> str:
    """The typed text, with the line breaks that `original` used when all of its breaks were of one other kind."""
    _refuse_unfit(text)
    if not isinstance(original, str) or "\r" not in original:
        return text
    crlf = original.count("\r\n")
    if crlf == original.count("\r") == original.count("\n"):
        return text.replace("\n", "\r\n")
    return text if "\n" in original else text.replace("\n", "\r")


def parse_number(text: str, *, whole: bool) -> int | float:
    """A number in JSON's own notation; `whole` asks for an integer."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (whole and any(found.groups())):
        raise Unreadable("Type a whole number, such as 12." if whole else "Type a number, such as 12.5.")
    return _fraction(found[0]) if any(found.groups()) else _integer(found[0])


def parse_json(text: str, *, depth: int) -> Any:
    """The value of a raw JSON field that stands `depth` levels below the root."""
    try:
        value = json.loads(
            text,
            object_pairs_hook=_distinct,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_fraction,
        )
    except Unreadable:
        raise
    except json.JSONDecodeError as error:
        raise Unreadable(f"This is not JSON: {error.msg} at line {error.lineno}.") from error
    except RecursionError as error:
        raise Unreadable("This is nested too deeply.") from error
    _check(value, depth)
    return value


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        _refuse_unfit(value)
    if isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            raise Unreadable("This is nested too deeply.")
        parts: Iterable[Any] = [*value, *value.values()] if isinstance(value, dict) else value
        for part in parts:
            _check(part, depth + 1)


def _refuse_unfit(text: str) -> None:
    if _UNFIT.search(text):
        raise Unreadable("This text holds a character that cannot be stored.")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Unreadable("A key stands here twice.")
    return value


def _constant(_name: str) -> NoReturn:
    raise Unreadable("NaN and Infinity are not JSON.")


def _integer(text: str) -> int:
    # The length is looked at first, because turning very long digits into a number takes very long.
    if len(text) > 17 or abs(int(text)) > MAX_INTEGER:
        raise Unreadable("This number is too large to be kept exactly.")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise Unreadable("This number is too large to be kept.")
    return number
