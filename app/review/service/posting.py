"""End a claim: one step of the item's life, and the claim's time and money in the ledgers, in one transaction.

However a claim ends, its time is posted: skipped, released and expired work costs too.
Locks: the caller holds item and claim; the person's lock and a share of that on prices are taken here, last.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.costs.rules import change_instants
from app.costs.service import ActiveTime, Priced, look_at_prices, post_costs, post_piece
from app.identity.rules import person_lock
from app.kernel.db import lock_name, try_lock_name
from app.queue.models import Claim
from app.queue.queries import list_claims_beside
from app.queue.service import LockedClaim, advance
from app.review.queries import span_of
from app.timekeeping.service import post_time


def lock_person(session: Session, person_id: UUID) -> None:
    """Let only this transaction hand out claims to a person and post her time, in every workspace."""
    lock_name(session, person_lock(person_id))


def try_lock_person(session: Session, person_id: UUID) -> bool:
    """Take a person's lock unless somebody else has it, and say whether it is ours; for whoever must not wait."""
    return try_lock_name(session, person_lock(person_id))


def pay_piece(session: Session, *, at: datetime, claim: Claim, priced: Priced | None = None) -> None:
    """Post what the item of a verdict costs, which was handed in at `at`, if its reviewer is paid by the item."""
    known = priced or look_at_prices(session, workspace_id=claim.workspace_id, person_id=claim.person_id)
    post_piece(
        session,
        now=known.at,
        at=at,
        workspace_id=claim.workspace_id,
        claim_id=claim.id,
        payee=known.payee,
        rates=known.rates,
        closed_until=known.closed_until,
    )


def finish_claim(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    locked: LockedClaim,
    act: str,
    ended_at: datetime,
    details: Mapping[str, Any] | None = None,
    judged: bool = False,
) -> int:
    """Make the step that ends a claim, post its time, price it, and return its active milliseconds.

    Args:
        ended_at: When the claim ended: now, or when its lease ran out.
        judged: Whether a verdict was handed in now, for which somebody may be paid by the item.

    Raises:
        StepNotAllowed: the item's state does not allow the step.
    """
    claim = locked.claim
    lock_person(session, claim.person_id)
    advance(session, now=now, actor=actor, locked=locked, act=act, ended_at=ended_at, details=details)
    assert claim.ended_at is not None, "a step that ends a claim ends it"  # noqa: S101  # a test of TRANSITIONS holds this
    priced = look_at_prices(session, workspace_id=claim.workspace_id, person_id=claim.person_id)
    entries = post_time(
        session,
        now=priced.at,
        workspace_id=claim.workspace_id,
        claim=span_of(claim),
        beside=[span_of(c) for c in list_claims_beside(session, claim=claim, until=claim.ended_at)],
        cuts=change_instants(priced.rates, priced.payee, claim.claimed_at, claim.ended_at),
        closed_until=priced.closed_until,
    )
    active = [ActiveTime(entry_id, s.starts_at, s.ms) for entry_id, s in entries if s.kind == "active"]
    post_costs(
        session,
        now=priced.at,
        workspace_id=claim.workspace_id,
        payee=priced.payee,
        rates=priced.rates,
        entries=active,
    )
    if judged:
        pay_piece(session, at=now, claim=claim, priced=priced)
    return sum(e.ms for e in active)
