"""End a claim: one step of the item's life, and the claim's time and money in the ledgers, in one transaction.

However a claim ends, its time is posted: skipped, released and expired work costs too.
Locks: the caller holds item and claim; the person's lock is taken here, last.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.costs.queries import rates_for
from app.costs.rules import change_instants
from app.costs.service import ActiveTime, post_costs
from app.kernel.db import lock_name, try_lock_name
from app.queue.queries import list_claims_beside
from app.queue.service import LockedClaim, advance
from app.review.queries import span_of
from app.timekeeping.service import post_time


def lock_person(session: Session, person_id: UUID) -> None:
    """Let only this transaction hand out claims to a person and post her time, in every workspace."""
    lock_name(session, person_lock(person_id))


def person_lock(person_id: UUID) -> str:
    """Return the name of the lock that `lock_person` takes."""
    return f"person {person_id}"


def try_lock_person(session: Session, person_id: UUID) -> bool:
    """Take a person's lock unless somebody else has it, and say whether it is ours; for whoever must not wait."""
    return try_lock_name(session, f"person {person_id}")


def finish_claim(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    locked: LockedClaim,
    act: str,
    ended_at: datetime,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Make the step that ends a claim, post its time, price it, and return its active milliseconds.

    Args:
        ended_at: When the claim ended: now, or when its lease ran out.

    Raises:
        StepNotAllowed: the item's state does not allow the step.
    """
    claim = locked.claim
    lock_person(session, claim.person_id)
    advance(session, now=now, actor=actor, locked=locked, act=act, ended_at=ended_at, details=details)
    assert claim.ended_at is not None, "a step that ends a claim ends it"  # noqa: S101  # a test of TRANSITIONS holds this
    rates = rates_for(session, workspace_id=claim.workspace_id, person_id=claim.person_id)
    entries = post_time(
        session,
        now=now,
        workspace_id=claim.workspace_id,
        claim=span_of(claim),
        beside=[span_of(c) for c in list_claims_beside(session, claim=claim, until=claim.ended_at)],
        cuts=change_instants(rates, claim.claimed_at, claim.ended_at),
    )
    active = [ActiveTime(entry_id, s.starts_at, s.ms) for entry_id, s in entries if s.kind == "active"]
    post_costs(
        session,
        now=now,
        workspace_id=claim.workspace_id,
        person_id=claim.person_id,
        rates=rates,
        entries=active,
    )
    return sum(e.ms for e in active)
