"""How long a claim lasts when its page shows signs of life.

Only a beat with input extends a lease, and never past the ceiling, so that an item cannot be kept by an open tab.
Extending never shortens. Called by the service of queue that receives beats.
"""

from datetime import datetime, timedelta
from typing import Final

from app.timekeeping.rules.activity import BeatState

LEASE_CEILING: Final = timedelta(hours=4)


def extends_lease(state: BeatState) -> bool:
    """Return whether a beat in this state extends the lease."""
    return state == "active"


def extend_lease(
    claimed_at: datetime, now: datetime, claim_seconds: int, ceiling: timedelta = LEASE_CEILING
) -> datetime:
    """Return when a claim expires after an active beat at `now`.

    That is `claim_seconds` from now, but at the latest `ceiling` after the claim was made. A task type whose claims
    last longer than the ceiling from the start keeps that first expiry; it is just never extended.
    """
    lasting = timedelta(seconds=claim_seconds)
    return min(now + lasting, claimed_at + max(ceiling, lasting))
