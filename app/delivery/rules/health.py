"""When an endpoint is left alone for a while, and when it is given up: its circuit breaker.

Ten failures in a row, over whichever deliveries, or one answer that asks for less (429, 502, 504), and nothing is sent
there for ten seconds; then it is tried again, and each failure doubles the rest, up to ten minutes. One good answer
ends it all. So a dead receiver costs a few tries a while, and its deliveries keep their tries for when it is back.
After five days of failures it is disabled, as Standard Webhooks 1.0.0 asks.
Works on values alone. Called by the service that records tries.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.delivery.rules.retries import JITTER, Answer, is_taken

OPENS_AFTER: Final = 10
FIRST_REST_SECONDS: Final = 10
LONGEST_REST_SECONDS: Final = 600
LONGEST_ASKED_SECONDS: Final = 3_600
DISABLE_AFTER: Final = timedelta(days=5)
_THROTTLES: Final = frozenset({429, 502, 504})

HEALTHY: Final = "healthy"
FAILING: Final = "failing"
RESTING: Final = "resting"
DISABLED: Final = "disabled"


@dataclass(frozen=True)
class Health:
    """How an endpoint has answered lately. The default is that of one that answers well, or was never called."""

    failures: int = 0
    failing_since: datetime | None = None
    rests: int = 0
    resting_until: datetime | None = None

    def word(self, *, now: datetime, disabled: bool) -> str:
        """Return the word for it that programs and pages show."""
        if disabled:
            return DISABLED
        if self.resting_until is not None and self.resting_until > now:
            return RESTING
        return FAILING if self.failures else HEALTHY


def after(health: Health, answer: Answer, *, now: datetime, draw: float) -> Health:
    """Return the health after one more try.

    Failures that were under way when a rest began do not make it longer.

    Args:
        now: When the answer had come.
        draw: Uniform in [0, 1), for the jitter of a rest.
    """
    if is_taken(answer.status_code):
        return Health()
    worse = replace(health, failures=health.failures + 1, failing_since=health.failing_since or now)
    rests = health.resting_until is not None and health.resting_until > now
    throttled = answer.status_code in _THROTTLES
    if rests or (worse.failures < OPENS_AFTER and not throttled):
        return worse
    usual = min(FIRST_REST_SECONDS * 2 ** min(health.rests, 10), LONGEST_REST_SECONDS)
    asked = min(answer.retry_after_seconds or 0, LONGEST_ASKED_SECONDS)
    seconds = max(usual * (1 - JITTER + 2 * JITTER * draw), asked)
    return replace(worse, rests=health.rests + 1, resting_until=now + timedelta(seconds=seconds))


def is_given_up(health: Health, *, now: datetime) -> bool:
    """Say whether it has failed for so long that it is disabled."""
    return health.failing_since is not None and now - health.failing_since >= DISABLE_AFTER
