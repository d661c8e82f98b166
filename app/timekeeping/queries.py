"""Read beats and the ledger of time. Called by the flow out, the desk and the page of one's own time."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.timekeeping.models import Beat, TimeEntry
from app.timekeeping.rules import Beat as BeatFact
from app.timekeeping.rules import ClaimTime, active_ms


@dataclass(frozen=True)
class ClaimSpan:
    """What timekeeping needs to know of a claim; its rows belong to the queue."""

    id: UUID
    person_id: UUID
    claimed_at: datetime
    ended_at: datetime | None
    cap_ms: int


def claim_times(session: Session, *, claims: Sequence[ClaimSpan]) -> list[ClaimTime]:
    """Return each claim with its beats, in the order given."""
    beats: dict[UUID, list[BeatFact]] = defaultdict(list)
    for row in session.scalars(select(Beat).where(Beat.claim_id.in_([c.id for c in claims])).order_by(Beat.seq)):
        beats[row.claim_id].append(
            BeatFact(row.seq, row.received_at, row.client_mono_ms, row.state, row.last_input_age_ms)  # type: ignore[arg-type]  # a CHECK holds the states
        )
    return [ClaimTime(c.id, c.claimed_at, c.ended_at, tuple(beats[c.id]), c.cap_ms) for c in claims]


def posted_intervals(
    session: Session, *, person_id: UUID, since: datetime, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the active intervals that the ledger holds for a person and that meet [since, until)."""
    rows = session.execute(
        select(TimeEntry.starts_at, TimeEntry.ends_at).where(
            TimeEntry.person_id == person_id,
            TimeEntry.kind == "active",
            func.tstzrange(TimeEntry.starts_at, TimeEntry.ends_at).op("&&")(func.tstzrange(since, until)),
        )
    )
    return [(row.starts_at, row.ends_at) for row in rows]


def running_ms(session: Session, *, claim: ClaimSpan, beside: Sequence[ClaimSpan], at: datetime) -> int:
    """Return the active milliseconds of a claim so far, as they would be posted if it ended at `at`."""
    mine, *others = claim_times(session, claims=[claim, *beside])
    posted = posted_intervals(session, person_id=claim.person_id, since=claim.claimed_at, until=at)
    return active_ms(mine, at, others=others, posted=posted)


def posted_active_ms(session: Session, *, claim_id: UUID) -> int:
    """Return the active milliseconds that the ledger holds for a claim."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(TimeEntry.ms), 0)).where(
                TimeEntry.claim_id == claim_id, TimeEntry.kind == "active"
            )
        )
        or 0
    )


def newest_seq(session: Session, *, claim_id: UUID) -> int:
    """Return the highest number a beat of this claim had, or 0."""
    return session.scalar(select(func.coalesce(func.max(Beat.seq), 0)).where(Beat.claim_id == claim_id)) or 0


def active_ms_since(session: Session, *, workspace_id: UUID, person_id: UUID, since: datetime) -> int:
    """Return a person's posted active milliseconds in a workspace from `since` on."""
    return int(
        session.scalar(
            select(func.coalesce(func.sum(TimeEntry.ms), 0)).where(
                TimeEntry.workspace_id == workspace_id,
                TimeEntry.person_id == person_id,
                TimeEntry.kind == "active",
                TimeEntry.starts_at >= since,
            )
        )
        or 0
    )
