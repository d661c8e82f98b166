"""End a claim without judging: skip, release, keep for later, give to somebody, ask somebody else, pass it up.

Whatever the act, its time is posted, and nothing that is sent back stays with its sender: she gets it last, or never
again, and no reservation of hers outlives it. Called by the desk and the claims API.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.queries import list_leads
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Fault, Invalid
from app.kernel.ids import show
from app.notifications.service import tell_escalated, tell_handed_over
from app.queue.models import Item, Queue
from app.queue.queries import get_queue
from app.queue.rules import HELD
from app.queue.service import ClaimLost, LockedClaim, assign, bar, leave_to_leads, lock_claim, move, put_last, take_step
from app.review.service.fitness import check_can_take, find_named
from app.review.service.notes import add_note
from app.review.service.posting import finish_claim


class Unskippable(Conflict):
    """This item cannot be skipped; judge it, hold it, or pass it up."""


class ReasonNeeded(Invalid):
    """Skipping in this queue needs one of its reasons."""


class NobodyAbove(Conflict):
    """There is no other lead to pass this up to."""


def give_back(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    act: str,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """Skip or release a live claim: the item goes back in line, the time that went into it is posted.

    What the queue says of skips decides who gets it next: its sender last, only others, or a lead.

    Args:
        act: "skip" or "release".
        reason: For a skip one of the queue's reasons, if it has any.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already.
        Unskippable: the item does not allow a skip.
        ReasonNeeded: the queue has reasons, and none of them is given.
    """
    locked, at = _hold_live(session, workspace_id, person_id, claim_id)
    if act == "skip":
        queue = get_queue(session, workspace_id=workspace_id, queue_id=locked.item.queue_id)
        _check_skip(locked, queue, reason)
        with session.no_autoflush:
            _pass_on(session, locked, queue)
    else:
        put_last(locked.item, person_id=person_id)
    details = {"reason": reason} if reason else None
    _end(session, at, actor, locked, act, note=note, details=details)


def _check_skip(locked: LockedClaim, queue: Queue, reason: str | None) -> None:
    if locked.item.unskippable:
        raise Unskippable
    if queue.skip_reasons and reason not in queue.skip_reasons:
        raise ReasonNeeded(faults=[Fault("/reason", f"must be one of {', '.join(queue.skip_reasons)}")])


def _pass_on(session: Session, locked: LockedClaim, queue: Queue) -> None:
    """Do with a skipped item what its queue says."""
    item, person_id = locked.item, locked.claim.person_id
    policy = queue.skip_policy
    if policy == "lead" and not _other_leads(session, locked):
        policy = "me_last"
    if policy == "me_last":
        put_last(item, person_id=person_id)
        return
    bar(item, person_id=person_id, reason="sender")
    if policy == "lead":
        leave_to_leads(item)


def hold(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    note: str | None = None,
) -> None:
    """Keep the item of a live claim for later: no lease runs, nobody else gets it, no time counts.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already.
    """
    locked, at = _hold_live(session, workspace_id, person_id, claim_id)
    with session.no_autoflush:
        locked.item.held_by = person_id
        _end(session, at, actor, locked, "hold", note=note)


def hand_over(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    to: str,
    note: str | None = None,
) -> UUID:
    """Give an item that one has claimed or holds to a named person, and return who that is.

    Others may have it if she lets it lie.

    Args:
        to: An id or e-mail address.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already, and does not hold its item either.
        CannotTakeIt: nobody of that name is here, or she could never take it; the faults say why.
    """
    locked = lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
    kept = locked.newest and locked.item.state == HELD and locked.item.held_by == person_id
    if not locked.live and not kept:
        raise ClaimLost
    at = read_now(session)
    member = find_named(session, workspace_id=workspace_id, name=to)
    if member.person.id == person_id:
        raise Invalid(faults=[Fault("/to", "is yourself; hold it to keep it")])
    check_can_take(session, item=locked.item, member=member)
    queue = get_queue(session, workspace_id=workspace_id, queue_id=locked.item.queue_id)
    receiver = member.person.id
    details = {"to": show("person", receiver)}
    with session.no_autoflush:
        put_last(locked.item, person_id=person_id)
        assign(locked.item, to=receiver, by=person_id, until=at + timedelta(milliseconds=queue.lapse_ms))
        if kept:
            move(session, now=at, actor=actor, item=locked.item, act="hand_over", details=details)
            _leave_note(session, at, locked, "hand_over", note)
        else:
            _end(session, at, actor, locked, "hand_over", note=note, details=details)
    tell_handed_over(
        session,
        now=at,
        workspace_id=workspace_id,
        item_id=locked.item.id,
        to_person=receiver,
        by_person=person_id,
    )
    return receiver


def ask_second_opinion(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, claim_id: UUID, note: str
) -> None:
    """Send the item of a live claim on to somebody else without judging it; the note says what is doubtful.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already.
        NobodyAbove: only a lead may judge it, and there is no other.
    """
    locked, at = _hold_live(session, workspace_id, person_id, claim_id)
    if locked.item.for_lead and not _other_leads(session, locked):
        raise NobodyAbove
    with session.no_autoflush:
        locked.item.flagged = True
        _let_go(locked)
        _end(session, at, actor, locked, "second_opinion", note=note)


def escalate_claim(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    reason: str | None = None,
    note: str | None = None,
) -> None:
    """Pass the item of a live claim up: to its next escalation step, or else to the leads.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already.
        NobodyAbove: it would go to the leads, and there is no other.
    """
    locked, at = _hold_live(session, workspace_id, person_id, claim_id)
    if _goes_to_leads(locked.item) and not _other_leads(session, locked):
        raise NobodyAbove
    details = {"reason": reason} if reason else {}
    with session.no_autoflush:
        step = take_step(session, now=at, item=locked.item)
        if step is None:
            leave_to_leads(locked.item)
        _let_go(locked)
        details |= step or {"to": "leads"}
        _end(session, at, actor, locked, "escalate_claim", note=note, details=details)
    tell_escalated(session, now=at, workspace_id=workspace_id, item_id=locked.item.id)


def _hold_live(session: Session, workspace_id: UUID, person_id: UUID, claim_id: UUID) -> tuple[LockedClaim, datetime]:
    locked = lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
    if not locked.live:
        raise ClaimLost
    return locked, read_now(session)


def _goes_to_leads(item: Item) -> bool:
    """Say whether only leads may take an item once it is passed up."""
    left = item.escalation[item.tier :]
    return item.for_lead or not left or bool(left[0].get("leads"))


def _let_go(locked: LockedClaim) -> None:
    """See to it that the sender does not get it back, and that it is nobody's by name."""
    bar(locked.item, person_id=locked.claim.person_id, reason="sender")
    assign(locked.item, to=None, by=None, until=None)


def _other_leads(session: Session, locked: LockedClaim) -> bool:
    item, sender = locked.item, locked.claim.person_id
    leads = set(list_leads(session, workspace_id=item.workspace_id))
    return bool(leads - {sender} - set(item.barred) - set(item.voters))


def _end(
    session: Session,
    at: datetime,
    actor: Actor,
    locked: LockedClaim,
    act: str,
    *,
    note: str | None,
    details: Mapping[str, Any] | None = None,
) -> None:
    if act in {"skip", "release"}:
        assign(locked.item, to=None, by=None, until=None)
    ended_at = min(at, locked.claim.expires_at)
    finish_claim(session, now=at, actor=actor, locked=locked, act=act, ended_at=ended_at, details=details)
    _leave_note(session, at, locked, act, note)


def _leave_note(session: Session, at: datetime, locked: LockedClaim, act: str, note: str | None) -> None:
    if note:
        add_note(session, now=at, item=locked.item, person_id=locked.claim.person_id, kind=act, text=note)
