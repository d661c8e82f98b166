"""Grant or refuse an adjustment, book time that no page saw, and price what had no rate. Never one's own.

Locks: the adjustment, then the person's, so that two grants never take the same line back, and a share of that on
prices. Called by the pages of adjustments and of rates, and by the API.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.adjustments.models import AdjustingEntry, Adjustment
from app.adjustments.queries import PURPOSE, NoSuchAdjustment, StandingEntry, standing_of_claim, standing_unpriced
from app.adjustments.rules import LONGEST_MS, PRICED_LATER, PricedTime, priced, reversal
from app.adjustments.service.asking import (
    NOTE_LENGTH,
    AdjustmentRefused,
    Wish,
    check_wish,
    keep,
    new_adjustment,
    note_event,
)
from app.audit.rules import Actor
from app.costs.rules import Rate, dated, rate_at
from app.costs.service import Priced, look_at_prices
from app.identity.queries import get_membership
from app.identity.rules import person_lock
from app.kernel.clock import read_now
from app.kernel.db import lock_name
from app.kernel.errors import Conflict, Fault, Forbidden
from app.kernel.ids import new_id
from app.kernel.sealing import vault_of

# So that one act stays well below the time that a statement may take; whoever has more acts again.
AT_ONCE: Final = 1_000


class SettledAlready(Conflict):
    """It was granted or refused before."""


class OwnTime(Forbidden):
    """Nobody settles an adjustment of her own time."""


class NothingToPrice(Conflict):
    """None of her unpriced time has a rate now."""


def grant(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    adjustment_id: UUID,
    by: UUID,
    ms: int | None = None,
    reply: str = "",
) -> Adjustment:
    """Grant an adjustment, or another time than was asked for: `ms` stands in the place of what was counted.

    Raises:
        NoSuchAdjustment: also when it is another workspace's.
        SettledAlready.
        OwnTime: it is her own.
        AdjustmentRefused: the time or the reply.
    """
    asked = _lock(session, workspace_id, adjustment_id, by)
    granted_ms = asked.asked_ms if ms is None else ms
    if granted_ms is None or not 0 <= granted_ms <= LONGEST_MS:
        raise AdjustmentRefused(faults=[Fault("/seconds", "takes 0 to 24 hours")])
    return _grant(session, actor, asked, by=by, ms=granted_ms, reply=reply)


def refuse(
    session: Session, *, actor: Actor, workspace_id: UUID, adjustment_id: UUID, by: UUID, reply: str
) -> Adjustment:
    """Refuse an adjustment, and say why; what was counted stays.

    Raises:
        NoSuchAdjustment, SettledAlready, OwnTime: as with a grant.
        AdjustmentRefused: the reply, which there must be.
    """
    asked = _lock(session, workspace_id, adjustment_id, by)
    if not reply.strip():
        raise AdjustmentRefused(faults=[Fault("/reply", "say why")])
    return _settle(session, read_now(session), actor, asked, by=by, granted_ms=None, reply=reply)


def add_time(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    by: UUID,
    at: datetime,
    wish: Wish,
) -> Adjustment:
    """Book time of somebody else outside of items, such as work that no page saw.

    Raises:
        AdjustmentRefused: the time, the reason or the note, or it lies ahead.
        OwnTime: `by` is the person herself.
        NoSuchPerson: she does not belong to the workspace.
    """
    check_wish(wish)
    if by == person_id:
        raise OwnTime
    if at > now:
        raise AdjustmentRefused(faults=[Fault("/at", "lies ahead")])
    get_membership(session, workspace_id=workspace_id, person_id=person_id)
    made = new_adjustment(now=now, workspace_id=workspace_id, person_id=person_id, by=by, at=at, kind="time")
    keep(session, actor=actor, made=made, wish=wish)
    return _grant(session, actor, made, by=by, ms=wish.ms, reply="")


def price_anew(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, by: UUID
) -> Adjustment:
    """Price somebody's unpriced time, up to AT_ONCE lines of it, by the rates that are known now.

    Each line without a price is taken back, and the same time is put in its place with its price.

    Raises:
        OwnTime: `by` is the person herself.
        NoSuchPerson: she does not belong to the workspace.
        NothingToPrice: no rate holds for any of it.
    """
    if by == person_id:
        raise OwnTime
    get_membership(session, workspace_id=workspace_id, person_id=person_id)
    priced_by = _hold(session, workspace_id, person_id)
    unpriced = standing_unpriced(session, workspace_id=workspace_id, person_id=person_id, limit=AT_ONCE)
    holding = [(one, _rate(priced_by, one.time.at)) for one in unpriced]
    found = [(one, rate) for one, rate in holding if rate is not None]
    if not found:
        raise NothingToPrice
    first = min(one.time.at for one, _ in found)
    made = new_adjustment(now=now, workspace_id=workspace_id, person_id=person_id, by=by, at=first, kind="price")
    wish = Wish(sum(one.time.ms for one, _ in found), PRICED_LATER, "")
    keep(session, actor=actor, made=made, wish=wish)
    new = [(priced(one.time.at, one.time.ms, rate), one.claim_id) for one, rate in found]
    _post(session, priced_by, made, taken_back=[one for one, _ in found], new=new)
    return _settle(session, priced_by.at, actor, made, by=by, granted_ms=wish.ms, reply="")


def _lock(session: Session, workspace_id: UUID, adjustment_id: UUID, by: UUID) -> Adjustment:
    """Lock an adjustment that is to be settled."""
    here = Adjustment.id == adjustment_id, Adjustment.workspace_id == workspace_id
    fresh = {"populate_existing": True}
    asked = session.scalar(select(Adjustment).where(*here).with_for_update(), execution_options=fresh)
    if asked is None:
        raise NoSuchAdjustment
    if asked.person_id == by:
        raise OwnTime
    if asked.state != "asked":
        raise SettledAlready
    return asked


def _hold(session: Session, workspace_id: UUID, person_id: UUID) -> Priced:
    """Hold a person's lines and what her time costs."""
    lock_name(session, person_lock(person_id))
    return look_at_prices(session, workspace_id=workspace_id, person_id=person_id)


def _grant(session: Session, actor: Actor, asked: Adjustment, *, by: UUID, ms: int, reply: str) -> Adjustment:
    priced_by = _hold(session, asked.workspace_id, asked.person_id)
    standing = [] if asked.claim_id is None else standing_of_claim(session, claim_id=asked.claim_id)
    new = priced(asked.at, ms, _rate(priced_by, asked.at))
    _post(session, priced_by, asked, taken_back=standing, new=[(new, asked.claim_id)])
    return _settle(session, priced_by.at, actor, asked, by=by, granted_ms=ms, reply=reply)


def _rate(priced_by: Priced, at: datetime) -> Rate | None:
    return rate_at(priced_by.rates, priced_by.payee, at, priced_by.at)


def _settle(
    session: Session,
    at: datetime,
    actor: Actor,
    asked: Adjustment,
    *,
    by: UUID,
    granted_ms: int | None,
    reply: str,
) -> Adjustment:
    words = reply.strip()
    if len(words) > NOTE_LENGTH:
        raise AdjustmentRefused(faults=[Fault("/reply", f"takes at most {NOTE_LENGTH} characters")])
    asked.state = "refused" if granted_ms is None else "granted"
    asked.granted_ms = granted_ms
    asked.settled_by, asked.settled_at = by, at
    asked.reply = vault_of(session).seal(words.encode(), purpose=PURPOSE) if words else None
    session.flush()
    note_event(session, now=at, actor=actor, adjustment=asked)
    return asked


def _post(
    session: Session,
    priced_by: Priced,
    adjustment: Adjustment,
    *,
    taken_back: Sequence[StandingEntry],
    new: Sequence[tuple[PricedTime, UUID | None]],
) -> None:
    """Post the reversal of each entry that is taken back, and the new ones, each with the claim that it is of."""

    def row(time: PricedTime, claim_id: UUID | None, reverses: StandingEntry | None = None) -> dict[str, Any]:
        return {
            "id": new_id(),
            "workspace_id": adjustment.workspace_id,
            "adjustment_id": adjustment.id,
            "claim_id": claim_id,
            "person_id": adjustment.person_id,
            "reverses_time_entry_id": None if reverses is None else reverses.time_entry_id,
            "reverses_entry_id": None if reverses is None else reverses.entry_id,
            "at": time.at,
            "dated_at": dated(time.at, priced_by.at, priced_by.closed_until),
            "ms": time.ms,
            "rate_card_id": time.rate_card_id,
            "currency": time.currency,
            "amount": time.amount,
            "unpriced_ms": time.unpriced_ms,
            "posted_at": priced_by.at,
        }

    reversals = [row(reversal(one.time), one.claim_id, one) for one in taken_back]
    session.execute(insert(AdjustingEntry), [*reversals, *(row(time, claim_id) for time, claim_id in new)])
