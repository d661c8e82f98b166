"""What the clock of a page shows of a claim, and where it sends its beats. Called by the desk and by the selection."""

from typing import Any

from flask import url_for

from app.edge.context import db, now
from app.kernel.ids import show
from app.queue.models import Claim
from app.review.queries import running_time
from app.timekeeping.queries import newest_seq


def clock_of(claim: Claim) -> dict[str, Any]:
    """Return what _parts/clock.html takes: {beats_url, next_seq, active_seconds, expires_in_seconds, cap_seconds}."""
    # Taken within this very request, it may have begun after the time that the request goes by.
    at = max(now(), claim.claimed_at)
    return {
        "beats_url": url_for("claims.post_beat", id=show("claim", claim.id)),
        "next_seq": newest_seq(db(), claim_id=claim.id) + 1,
        "active_seconds": running_time(db(), claim=claim, at=at) // 1000,
        "expires_in_seconds": max(0, int((claim.expires_at - now()).total_seconds())),
        "cap_seconds": claim.cap_ms // 1000,
    }
