"""Read JSON from outside so that every reader after us sees the same values, or refuse it.

Two parsers may disagree about duplicate keys, huge numbers, NaN, NUL or broken Unicode; a text that leaves room for
that is refused, with a sentence that says why. Reading takes time linear in the length of the body and raises
nothing but BadJSON. Keeps no state and knows no product word. Called by the doors for every body.
"""

import json
import re
from json import JSONDecodeError
from typing import Any, Final, NoReturn

import orjson

from app.kernel.errors import Malformed

MAX_DEPTH: Final = 64
# Beyond this, a double no longer tells neighbouring integers apart, and many readers keep integers as doubles.
MAX_INTEGER: Final = 2**53 - 1
# No double needs more than 1,100 characters to be written exactly; longer ones only cost time.
MAX_NUMBER_LENGTH: Final = 1_100

_INTEGER_LENGTH: Final = len(str(-MAX_INTEGER))
_INFINITY: Final = float("inf")
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
# Both patterns are possessive: they never look at a character twice, whatever the text.
_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ESCAPE: Final = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<bad>u(?:0000|[dD][89a-fA-F][0-9a-fA-F]{2}))|.)",
    re.DOTALL,
)
_SUSPECT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_SPACE: Final = r"[ \t\n\r]*+"
_BETWEEN: Final = re.compile(rf"{_SPACE},{_SPACE}")
_CLOSING: Final = re.compile(rf"{_SPACE}\]{_SPACE}\}}{_SPACE}")
_NOT_BRACKETS: Final = bytes(byte for byte in range(256) if byte not in b"[]{}")


class BadJSON(Malformed):
    """The body is not JSON as it is read here."""


def decode(body: bytes, *, max_depth: int = MAX_DEPTH) -> Any:
    """Return the value that this JSON text stands for; numbers with a point or an exponent become float.

    `max_depth` counts nested arrays and objects, the outermost being 1.

    Raises:
        BadJSON: not UTF-8 or with a byte order mark, not JSON, nested too deep, a key twice in one object, NaN or
            Infinity, an integer beyond 2**53 - 1, a number that no double holds or of more than 1,100 characters,
            a NUL or a lone surrogate in a string or key.
    """
    text = _decode_utf8(body)
    _check_depth(body, max_depth)
    try:
        value = _DECODER.decode(text)
    except JSONDecodeError as error:
        raise BadJSON(f"This is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.") from None
    _check_escapes(text)
    return value


def decode_parts(body: bytes, *, key: str, max_depth: int = MAX_DEPTH) -> list[tuple[bytes, Any]] | None:
    """Return the elements of `{"key": [...]}`, each with its exact bytes and the value that they stand for.

    Each element may be nested as deep as a body of its own.

    Returns:
        None when the text is no object, or not one with this key alone and an array in it; `decode` says what it is.

    Raises:
        BadJSON: as `decode` does, of any element.
    """
    text = _decode_utf8(body)
    opening = re.match(rf'{_SPACE}\{{{_SPACE}"{re.escape(key)}"{_SPACE}:{_SPACE}\[{_SPACE}', text)
    if opening is None:
        return None
    at = end = opening.end()
    parts: list[tuple[bytes, Any]] = []
    while parts or _CLOSING.fullmatch(text, at) is None:
        try:
            value, end = _DECODER.raw_decode(text, at)
        except JSONDecodeError as error:
            raise BadJSON(f"This is not JSON: {error.msg}, at line {error.lineno}, column {error.colno}.") from None
        except RecursionError:
            raise BadJSON(f"The body is nested deeper than {max_depth} levels.") from None
        part = text[at:end].encode()
        _check_depth(part, max_depth)
        parts.append((part, value))
        gap = _BETWEEN.match(text, end)
        if gap is None:
            break
        at = gap.end()
    if _CLOSING.fullmatch(text, end) is None:
        return None
    _check_escapes(text)
    return parts


def encode(value: Any) -> bytes:
    """Return a JSON-ready value as compact UTF-8. Amounts and durations must already be text.

    Raises:
        TypeError: a value that JSON has no form for, a lone surrogate, or an integer beyond 64 bits.
    """
    return orjson.dumps(value)


def encode_canonically(value: Any) -> bytes:
    """Return the same bytes for values that are equal as JSON: keys in order, 1.0 and -0.0 as 1 and 0 (RFC 8785).

    Raises:
        TypeError: as encode does.
    """
    return orjson.dumps(_plain_numbers(value), option=orjson.OPT_SORT_KEYS)


def _plain_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain_numbers(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_numbers(part) for part in value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER:
        return int(value)
    return value


def _decode_utf8(body: bytes) -> str:
    if body.startswith(_BYTE_ORDER_MARKS):
        raise BadJSON("The body starts with a byte order mark; send UTF-8 without one.")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadJSON(f"The body is not UTF-8: byte {error.start + 1} does not fit.") from None


def _check_depth(body: bytes, max_depth: int) -> None:
    """Refuse deep nesting before a parser that recurses sees it."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    depth = 0
    for bracket in _STRING.sub(b"", body).translate(None, _NOT_BRACKETS):
        if bracket in b"[{":
            depth += 1
            if depth > max_depth:
                raise BadJSON(f"The body is nested deeper than {max_depth} levels.")
        else:
            depth -= 1


def _check_escapes(text: str) -> None:
    """Refuse an escaped NUL, which PostgreSQL cannot keep, and half a surrogate pair, which UTF-8 cannot."""
    if _SUSPECT.search(text) is None:
        return
    for escape in _ESCAPE.finditer(text):
        bad = escape["bad"]
        if bad is not None:
            what = "a NUL character" if bad == "u0000" else "half of a surrogate pair"
            raise BadJSON(f"\\{bad} at character {escape.start() + 1} is {what}, which is not taken.")


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadJSON(f"The key {_shown(key)} appears twice in one object.")
            seen.add(key)
    return value


def _read_integer(digits: str) -> int:
    if len(digits) <= _INTEGER_LENGTH:
        number = int(digits)
        if -MAX_INTEGER <= number <= MAX_INTEGER:
            return number
    raise BadJSON(f"The integer {_shown(digits)} lies beyond 2**53 - 1; send it as a string.")


def _read_float(digits: str) -> float:
    if len(digits) > MAX_NUMBER_LENGTH:
        raise BadJSON(f"A number has more than {MAX_NUMBER_LENGTH:,} characters: {_shown(digits)}.")
    number = float(digits)
    if number in (_INFINITY, -_INFINITY):
        raise BadJSON(f"The number {_shown(digits)} is too large for a double.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise BadJSON(f"{name} is not JSON.")


def _shown(text: str) -> str:
    """Return the text in quotes, escaped and short enough for a sentence."""
    return json.dumps(text if len(text) <= 40 else f"{text[:37]}...")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_float,
    parse_constant=_refuse_constant,
)
