"""What an endpoint's answer means, and when a delivery is tried again.

Ten tries spread over 75 h 35 min, the example schedule of Standard Webhooks 1.0.0, each wait 20 % longer or shorter
by a draw so that a recovering endpoint is not hit by everything at once. Only 2xx is success: a redirect is a
failure, 410 means that the endpoint is gone. Called by the service that records a try; the sender makes the answer.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

DUE: Final = "due"
DELIVERED: Final = "delivered"
PARKED: Final = "parked"
WITHDRAWN: Final = "withdrawn"
STATES: Final = (DUE, DELIVERED, PARKED, WITHDRAWN)

# Seconds before each try, counted from the end of the one before.
WAITS_SECONDS: Final = (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
JITTER: Final = 0.2
MAX_RETRY_AFTER_SECONDS: Final = 86_400
_GONE: Final = 410


@dataclass(frozen=True)
class Answer:
    """What came of one try: a status, or in `problem` the word for why there is none."""

    status_code: int | None
    duration_ms: int
    retry_after_seconds: int | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Verdict:
    """The delivery's next state; when it stays due, the seconds until the next try."""

    state: str
    wait_seconds: float = 0.0
    disables: bool = False


def is_taken(status_code: int | None) -> bool:
    """Say whether an answer means that the other side has the message."""
    return status_code is not None and 200 <= status_code < 300


def judge(answer: Answer, *, tries: int, draw: float) -> Verdict:
    """Say what becomes of a delivery after a try.

    Args:
        tries: How many were made, this one included.
        draw: Uniform in [0, 1); sets the jitter.
    """
    status = answer.status_code
    if is_taken(status):
        return Verdict(DELIVERED)
    if status == _GONE:
        return Verdict(PARKED, disables=True)
    if tries >= len(WAITS_SECONDS):
        return Verdict(PARKED)
    wait = WAITS_SECONDS[tries] * (1 - JITTER + 2 * JITTER * draw)
    # An endpoint may ask for more time, never for less: it does not set our pace.
    asked = min(answer.retry_after_seconds or 0, MAX_RETRY_AFTER_SECONDS)
    return Verdict(DUE, wait_seconds=max(wait, asked))


def read_retry_after(text: str | None, *, now: datetime) -> int | None:
    """Return the seconds that a Retry-After header asks for (RFC 9110, 10.2.3), or None when it says nothing usable."""
    if text is None:
        return None
    stripped = text.strip()
    if stripped.isascii() and stripped.isdigit():
        # Past nine digits only the cap matters, and a longer number would cost time to read.
        return int(stripped) if len(stripped) <= 9 else MAX_RETRY_AFTER_SECONDS
    try:
        at = parsedate_to_datetime(stripped)
        return max(0, round((at - now).total_seconds()))
    except (ValueError, TypeError, OverflowError):
        return None
