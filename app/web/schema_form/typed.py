"""Read what a person typed into one field: text, a number, or raw JSON.

Promise: whatever comes out can be kept and sent on as it is, since numbers and JSON pass the same strict reader as
every body at the door. Everything else is `Unreadable`, with a sentence for the person who typed it.
Called when a posted form is read.
"""

import json
import re
from typing import Any

from app.kernel.strict_json import MAX_DEPTH, BadJSON, decode

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
    if _UNFIT.search(text):
        raise Unreadable("This text holds a character that cannot be kept.")
    if not isinstance(original, str) or "\r" not in original:
        return text
    if original.count("\r\n") == original.count("\r") == original.count("\n"):
        return text.replace("\n", "\r\n")
    return text if "\n" in original else text.replace("\n", "\r")


def parse_number(text: str, *, whole: bool) -> int | float:
    """A number in JSON's own notation; `whole` asks for one without point and exponent."""
    try:
        number = parse_json(text, depth=MAX_DEPTH)
    except Unreadable:
        number = None
    if isinstance(number, bool) or not isinstance(number, int if whole else int | float):
        raise Unreadable("Type a whole number, such as 12." if whole else "Type a number, such as 12.5.")
    return number


def parse_json(text: str, *, depth: int) -> Any:
    """The value of a raw JSON field that stands `depth` levels below the root of what is judged."""
    try:
        return decode(text.encode(), max_depth=max(0, MAX_DEPTH - depth))
    except UnicodeEncodeError as error:
        raise Unreadable("This text holds a character that cannot be kept.") from error
    except BadJSON as error:
        raise Unreadable(error.detail) from error
