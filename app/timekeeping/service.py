"""Write time: beats as they come, and the entries of a claim when it ends. Posted time never moves.

Called by the flow out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.timekeeping.models import Beat, TimeEntry
from app.timekeeping.queries import ClaimSpan, claim_times, posted_intervals
from app.timekeeping.rules import Segment, segments


def record_beat(
    session: Session,
    *,
    now: datetime,
    claim_id: UUID,
    seq: int,
    client_mono_ms: int,
    state: str,
    last_input_age_ms: int | None,
) -> None:
    """Keep a sign of life as received now. The same `seq` again is the same beat: the first one stays."""
    session.execute(
        pg_insert(Beat)
        .values(
            claim_id=claim_id,
            seq=seq,
            received_at=now,
            client_mono_ms=client_mono_ms,
            state=state,
            last_input_age_ms=last_input_age_ms,
        )
        .on_conflict_do_nothing()
    )


def post_time(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    claim: ClaimSpan,
    beside: Sequence[ClaimSpan],
    cuts: Iterable[datetime],
    closed_until: datetime | None,
) -> list[tuple[UUID, Segment]]:
    """Post the time of a claim that has ended and return its entries.

    The caller holds the person's lock, so that what is posted for her elsewhere is known and stays.

    Args:
        beside: Her other claims that overlap this one; those that are posted already may be among them.
        cuts: Instants that no entry may cross.
        closed_until: What is before it belongs to the day on which it is posted.
    """
    mine, *others = claim_times(session, claims=[claim, *beside])
    assert mine.ended_at is not None, "only a claim that has ended is posted"  # noqa: S101  # the caller's promise
    # What was heard of another claim later than this has no say, or it would not come out the same when derived anew.
    others = [replace(one, beats=tuple(b for b in one.beats if b.received_at <= now)) for one in others]
    posted = posted_intervals(session, person_id=claim.person_id, since=claim.claimed_at, until=mine.ended_at)
    entries = [(new_id(), s) for s in segments(mine, others=others, posted=posted, cuts=cuts)]
    if entries:
        session.execute(
            insert(TimeEntry),
            [
                {
                    "id": entry_id,
                    "workspace_id": workspace_id,
                    "claim_id": claim.id,
                    "person_id": claim.person_id,
                    "kind": s.kind,
                    "starts_at": s.starts_at,
                    "ends_at": s.ends_at,
                    "ms": s.ms,
                    "blurred": s.blurred,
                    "posted_at": now,
                    "dated_at": now if closed_until is not None and s.starts_at < closed_until else None,
                }
                for entry_id, s in entries
            ],
        )
    return entries
