"""One value, one row of bytes: JSON as RFC 8785 writes it, and the digests made of it.

Two programs that mean the same arguments get the same digest, whatever the order of keys or the spelling of numbers.
Written out here, because the package needs httpx and nothing else; a test holds it against the library of the service.
Called by the gate before it runs anything, and by whoever derives an Idempotency-Key.
"""

import json
import math
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

_LARGEST: Final = 2**53 - 1


def canonical(value: Any) -> bytes:
    """Return the canonical bytes of a JSON value (RFC 8785).

    Raises:
        ValueError: it has no canonical form: an integer beyond 2^53 - 1, NaN, infinity, half a character.
        TypeError: it is no JSON value.
    """
    return _text(value).encode()


def args_sha256(args: Mapping[str, Any]) -> str:
    """Return the digest that a decision and its grant name for these arguments, in hex."""
    return sha256(canonical(dict(args))).hexdigest()


def derive_key(*parts: Any) -> str:
    """Return an Idempotency-Key that is the same whenever the parts are: name the run, the step and what is sent."""
    return sha256(canonical(list(parts))).hexdigest()


def _text(value: Any) -> str:
    match value:
        case None | bool() | str():
            return json.dumps(value, ensure_ascii=False)
        case int():
            if abs(value) > _LARGEST:
                raise ValueError(f"{value} is beyond what JSON carries safely; send it as text")
            return str(value)
        case float():
            return _number(value)
        case list() | tuple():
            return "[" + ",".join(_text(element) for element in value) + "]"
        case dict():
            # Keys are ordered by their UTF-16 code units (section 3.2.3).
            names = sorted(value, key=_utf16)
            return "{" + ",".join(f"{_text(name)}:{_text(value[name])}" for name in names) + "}"
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _utf16(name: Any) -> bytes:
    if not isinstance(name, str):
        raise TypeError(f"a key of a JSON object is a str, not {type(name).__name__}")
    return name.encode("utf-16-be")


def _number(value: float) -> str:
    """Return a number as ECMAScript writes it (Number::toString); Python finds the same shortest digits."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no JSON number")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    # The value is 0.DIGITS times ten to the power of `point`.
    point = len(whole) + int(exponent or 0)
    digits = whole + fraction
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.lstrip("0").rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{point - 1:+d}"
