"""Durations as people write them in settings: ISO 8601 text such as PT4H or P1DT12H, read into milliseconds.

Months and years are refused because their length depends on the calendar; a day is 24 hours, a week 7 days.
Knows no product word. Called by the doors and rules that read a waiting time.
"""

import re
from typing import Final

from app.kernel.errors import Invalid

_SECOND_MS: Final = 1_000
_MINUTE_MS: Final = 60 * _SECOND_MS
_HOUR_MS: Final = 60 * _MINUTE_MS
_DAY_MS: Final = 24 * _HOUR_MS
MAX_DURATION_MS: Final = 3_660 * _DAY_MS

# Nine digits are more than the longest duration needs in any unit, and cheap to read.
_WEEKS: Final = re.compile(r"P([0-9]{1,9})W")
_PARTS: Final = re.compile(
    r"P(?=[0-9T])(?:([0-9]{1,9})D)?"
    r"(?:T(?=[0-9])(?:([0-9]{1,9})H)?(?:([0-9]{1,9})M)?(?:([0-9]{1,9})(?:[.,]([0-9]{1,3}))?S)?)?"
)


class DurationInvalid(Invalid):
    """A duration is ISO 8601 text such as PT4H, P1DT12H or P2W, up to ten years, without months and years."""


def parse_duration(text: str) -> int:
    """Return the duration in milliseconds; seconds may have up to three decimal places.

    Raises:
        DurationInvalid: not an ISO 8601 duration of weeks, or of days, hours, minutes and seconds; a sign, a month,
            a year or an empty part; or longer than ten years.
    """
    weeks = _WEEKS.fullmatch(text)
    parts = _PARTS.fullmatch(text)
    if weeks:
        duration_ms = int(weeks[1]) * 7 * _DAY_MS
    elif parts:
        days, hours, minutes, seconds = (int(digits or 0) for digits in parts.groups()[:4])
        thousandths = int((parts[5] or "").ljust(3, "0"))
        duration_ms = days * _DAY_MS + hours * _HOUR_MS + minutes * _MINUTE_MS + seconds * _SECOND_MS + thousandths
    else:
        raise DurationInvalid
    if duration_ms > MAX_DURATION_MS:
        raise DurationInvalid
    return duration_ms
