"""Beats: a page says that somebody is there. Called by the desk and the claims API.

A beat is the most frequent write of all, so it locks nothing but its claim.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.queue.service import extend_claim
from app.review.queries import running_time
from app.timekeeping.service import record_beat


@dataclass(frozen=True)
class Pulse:
    """How a claim stands after a beat: when its lease ends, and its active milliseconds so far."""

    expires_at: datetime
    active_ms: int


def beat(
    session: Session,
    *,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    seq: int,
    client_mono_ms: int,
    state: str,
    last_input_age_ms: int | None,
) -> Pulse:
    """Keep a beat; an active one renews the lease.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: the claim has ended, or its lease has run out.
    """
    claim = extend_claim(
        session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id, active=state == "active"
    )
    at = read_now(session)
    record_beat(
        session,
        now=at,
        claim_id=claim_id,
        seq=seq,
        client_mono_ms=client_mono_ms,
        state=state,
        last_input_age_ms=last_input_age_ms,
    )
    return Pulse(claim.expires_at, running_time(session, claim=claim, at=at))
