"""Lengths of time as people write them in a form: "90 min", "1 h 30 min", "2 d". Called by pages with settings."""

import re
from typing import Final

_UNITS: Final = {"d": 86_400_000, "h": 3_600_000, "min": 60_000, "m": 60_000, "s": 1_000}
_PART: Final = re.compile(r"(\d{1,9})\s*(d|h|min|m|s)(?![a-z])")
# A whole number alone is minutes.
_BARE: Final = re.compile(r"\d{1,9}")
LONGEST_MS: Final = 366 * 86_400_000


def read_duration(text: str) -> int | None:
    """Return the milliseconds that a text such as "1 h 30 min" says, or None when it says no length of 1 s to 366 d."""
    text = text.strip().lower()
    if not text.isascii():
        return None
    if _BARE.fullmatch(text):
        found = int(text) * _UNITS["min"]
    elif _PART.sub("", text).strip(" ,"):
        return None
    else:
        found = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return found if 1_000 <= found <= LONGEST_MS else None


def write_exactly(ms: int) -> str:
    """Return a length to the millisecond, as 0:01:02.345, so that a column of them adds up."""
    seconds, ms = divmod(ms, 1_000)
    minutes, seconds = divmod(seconds, 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}.{ms:03}"


def write_duration(ms: int) -> str:
    """Return how a length is written, so that it is read as the same again, to the second."""
    parts = []
    for unit in ("d", "h", "min", "s"):
        number, ms = divmod(ms, _UNITS[unit])
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts) or "0 s"
