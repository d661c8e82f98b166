"""Beats: a page says that somebody is there. Called by the desk and the claims API.

A beat is the most frequent write of all, so it is one statement and locks nothing but its claim.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.queue.queries import NoSuchClaim, get_claim
from app.queue.rules import CEILING
from app.queue.service import ClaimLost
from app.review.queries import running_time
from app.review.statements import BEAT
from app.timekeeping.rules import Beat, ClaimTime, active_ms


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
    """Keep a beat; an active one renews the lease, up to its ceiling. The same `seq` again is the same beat.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: the claim has ended, or its lease has run out.
    """
    heard = {"seq": seq, "client_mono_ms": client_mono_ms, "state": state, "last_input_age_ms": last_input_age_ms}
    whose = {"claim": claim_id, "workspace": workspace_id, "person": person_id}
    # What is pending in the session is about the same claim.
    session.flush()
    row = session.execute(BEAT, {**whose, **heard, "active": state == "active", "ceiling": CEILING}).one_or_none()
    if row is None:
        raise NoSuchClaim
    if row.extended is None:
        raise ClaimLost
    if row.beside:
        claim = get_claim(session, workspace_id=workspace_id, claim_id=claim_id, person_id=person_id)
        return Pulse(row.extended, running_time(session, claim=claim, at=row.at))
    beats = _beats(row) + ((Beat(received_at=row.at, **heard),) if row.new else ())  # type: ignore[arg-type]  # a CHECK holds the states
    mine = ClaimTime(claim_id, row.claimed_at, None, beats, row.cap_ms)
    posted = list(zip(row.starts or (), row.ends or (), strict=True))
    return Pulse(row.extended, active_ms(mine, row.at, posted=posted))


def _beats(row: Row[Any]) -> tuple[Beat, ...]:
    columns = (row.seqs, row.received, row.monos, row.states, row.ages)
    return tuple(Beat(*values) for values in zip(*(column or () for column in columns), strict=True))
