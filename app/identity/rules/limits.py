"""How long a way in stays open, and how often somebody may try to get in.

The numbers stand here once; services count against them and pages show them. Guessing is limited twice: per account,
wherever the guesses come from, and per address, whichever accounts they are for.
Called by the services and queries of identity.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

SESSION_IDLE: Final = timedelta(hours=12)
SESSION_LIFE: Final = timedelta(hours=24)
# Writing each request's time would make every read a write.
SEEN_GRAIN: Final = timedelta(minutes=1)
LINK_LIFE: Final = timedelta(hours=1)
# For this long a session that was opened by a link may replace a forgotten password.
LINK_TRUST: Final = timedelta(minutes=15)

ATTEMPT_WINDOW: Final = timedelta(minutes=5)
MAX_FAILURES_PER_ACCOUNT: Final = 10
MAX_FAILURES_PER_ADDRESS: Final = 30


def seconds_until_next_try(failures: Sequence[datetime], *, limit: int, now: datetime) -> int:
    """Return how many whole seconds to wait before the next try, 0 when one is allowed now.

    Args:
        failures: When the latest failed tries were, newest first; at least `limit` of them when there are as many.
        limit: Failed tries allowed within ATTEMPT_WINDOW.
    """
    if len(failures) < limit:
        return 0
    free_at = failures[limit - 1] + ATTEMPT_WINDOW
    return max(0, -((now - free_at) // timedelta(seconds=1)))
