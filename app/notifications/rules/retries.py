"""What became of one try to send a message, and when it is tried again.

Eight tries over about eight hours: what is to be told is old after that. A mail server that refuses an address for
good, or a chat that does not know the hook any more, is not asked again. Called by the service that records a try.
"""

from dataclasses import dataclass
from typing import Final

from app.delivery.rules.retries import MAX_RETRY_AFTER_SECONDS, Answer
from app.notifications.rules.kinds import DUE, PARKED, SENT

# Seconds before each try, counted from the end of the one before.
WAITS_SECONDS: Final = (0, 30, 120, 600, 1_800, 3_600, 7_200, 14_400)
JITTER: Final = 0.2
# What a chat answers when it will never take this hook or this message.
_FOR_GOOD: Final = frozenset({400, 401, 403, 404, 405, 410, 413})
_GONE: Final = frozenset({404, 410})


@dataclass(frozen=True)
class Tried:
    """What came of one try: sent, or a few fixed words for why not; `for_good` when asking again is no use."""

    sent: bool
    problem: str | None = None
    for_good: bool = False
    gone: bool = False
    retry_after_seconds: int = 0


@dataclass(frozen=True)
class Verdict:
    """The message's next state; when it stays due, the seconds until the next try."""

    state: str
    wait_seconds: float = 0.0


def read_answer(answer: Answer) -> Tried:
    """Return what a chat's answer means."""
    status = answer.status_code
    if status is not None and 200 <= status < 300:
        return Tried(sent=True)
    return Tried(
        sent=False,
        problem=answer.problem or f"answered {status}",
        for_good=status in _FOR_GOOD or answer.problem == "url refused",
        gone=status in _GONE,
        retry_after_seconds=answer.retry_after_seconds or 0,
    )


def judge(tried: Tried, *, tries: int, draw: float) -> Verdict:
    """Say what becomes of a message after a try.

    Args:
        tries: How many were made, this one included.
        draw: Uniform in [0, 1); sets the jitter.
    """
    if tried.sent:
        return Verdict(SENT)
    if tried.for_good or tries >= len(WAITS_SECONDS):
        return Verdict(PARKED)
    wait = WAITS_SECONDS[tries] * (1 - JITTER + 2 * JITTER * draw)
    return Verdict(DUE, max(wait, min(tried.retry_after_seconds, MAX_RETRY_AFTER_SECONDS)))
