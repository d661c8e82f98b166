"""Take items, and end claims whose lease has run out or whose reviewer is disabled.

Called by the desk, the claims API, the command line and the sweeper.
"""

from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.identity.queries import MembershipRow, get_membership
from app.identity.service import PersonDisabled, disable_person
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Forbidden
from app.queue.models import Claim, Item
from app.queue.queries import (
    find_live_claim,
    get_item,
    get_queue,
    list_kept_or_assigned,
    list_live_claims_of,
    list_overdue_claims,
)
from app.queue.rules import WAITING, Standing, Worker
from app.queue.service import (
    LockedClaim,
    assign,
    claim_item,
    claim_next,
    lock_claim,
    lock_item,
    note_seen,
    try_lock_claim,
    try_lock_item,
    unassign,
)
from app.review.service.fitness import (
    NothingToClaim,
    OtherQueue,
    check_queue,
    standing_of_member,
    why_not,
    worker_of,
)
from app.review.service.posting import finish_claim, lock_person, try_lock_person
from app.review.service.reserving import free_reservations, own_reservation, put_back
from app.review.service.taking_at_once import take_at_once

_FREE_AT_MOST: Final = 10


class QueuePaused(Conflict):
    """Nothing is handed out of this queue while it is paused."""


class AtCapacity(Conflict):
    """This person has in hand as much as she may; judge or put back something first."""


class SkillMissing(Forbidden):
    """This item needs a skill that this person does not have."""


def take_item(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    channel: str,
    queue: str | None = None,
    item_id: UUID | None = None,
) -> tuple[Claim, bool] | NothingToClaim:
    """Return the claim that a person holds from now on, and whether it is a new one.

    A person who holds a live claim gets that one back. A lease that has run out is ended on the way, so that a
    stopped sweeper keeps nobody from work.

    Raises:
        NoSuchPerson: the person does not belong to the workspace.
        PersonDisabled: she has been disabled; nothing is handed out any more.
        OtherQueue: the queue or the item that is asked for is not hers.
        SkillMissing: the item asked for needs a skill that she does not have.
        AtCapacity: she has in hand as much as she may, and the item asked for is none of that.
        NoSuchItem, ItemTaken: the item asked for cannot be had.
    """
    if item_id is None:
        quick = take_at_once(
            session, actor=actor, workspace_id=workspace_id, person_id=person_id, channel=channel, queue=queue
        )
        if quick is not None:
            return quick, True
    return take_step_by_step(
        session,
        actor=actor,
        workspace_id=workspace_id,
        person_id=person_id,
        channel=channel,
        queue=queue,
        item_id=item_id,
    )


def take_step_by_step(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    channel: str,
    queue: str | None = None,
    item_id: UUID | None = None,
) -> tuple[Claim, bool] | NothingToClaim:
    """Do what `take_item` does for everybody, in the common case and in any other."""
    _end_own_overdue(session, workspace_id=workspace_id, person_id=person_id)
    lock_person(session, person_id)
    # Read under the lock that disabling takes too, so that nobody is handed an item once she is disabled.
    member = get_membership(session, workspace_id=workspace_id, person_id=person_id)
    if member.person.disabled_at is not None:
        raise PersonDisabled
    check_queue(member, queue)
    held = find_live_claim(session, workspace_id=workspace_id, person_id=person_id)
    if held is not None:
        return held, False
    worker = worker_of(session, member, queue=queue)
    standing = standing_of_member(session, member)
    hand_out = partial(claim_item, session, actor=actor, workspace_id=workspace_id, worker=worker, channel=channel)
    if item_id is not None:
        if not _check_fit(session, workspace_id=workspace_id, item_id=item_id, worker=worker):
            _make_room(session, standing)
        return hand_out(item_id=item_id), True
    reserved = own_reservation(session, standing=standing, worker=worker)
    if reserved is not None and standing.paused_at is None:
        return hand_out(item_id=reserved), True
    if standing.hindrance is not None:
        return _nothing(session, member, worker, standing, queue)
    line = partial(claim_next, session, actor=actor, workspace_id=workspace_id, worker=worker, channel=channel)
    claim = line()
    if claim is None and _free_overdue(session, workspace_id):
        claim = line()
    if claim is not None:
        return claim, True
    return _nothing(session, member, worker, standing, queue)


def _nothing(
    session: Session, member: MembershipRow, worker: Worker, standing: Standing, queue: str | None
) -> NothingToClaim:
    """Say why there is nothing, and note that she asked; whoever gets an item is seen by her claim."""
    if not standing.seen_lately:
        note_seen(session, now=read_now(session), workspace_id=member.workspace_id, person_id=worker.person_id)
    return why_not(session, member, worker=worker, standing=standing, queue=queue)


def _free_overdue(session: Session, workspace_id: UUID) -> int:
    """Put back a few items whose lease or reservation has run out, and return how many.

    A stopped sweeper keeps nobody from work. The caller holds a person's lock, so this waits for nobody else's.
    """
    overdue = list_overdue_claims(session, limit=_FREE_AT_MOST, workspace_id=workspace_id)
    freed = sum(
        _expire(session, workspace_id=workspace_id, claim_id=claim_id)
        for _, claim_id, person_id in overdue
        if try_lock_person(session, person_id)
    )
    return freed + free_reservations(session, limit=_FREE_AT_MOST, workspace_id=workspace_id)


def _check_fit(session: Session, *, workspace_id: UUID, item_id: UUID, worker: Worker) -> bool:
    """Refuse an item that this person would never be handed in turn; say whether she has it in hand already."""
    item = get_item(session, workspace_id=workspace_id, item_id=item_id)
    if item.held_by == worker.person_id:
        return True
    if item.queue_id not in worker.queues:
        if get_queue(session, workspace_id=workspace_id, queue_id=item.queue_id).paused_at is not None:
            raise QueuePaused
        if item.assigned_to != worker.person_id:
            raise OtherQueue
    if not set(item.skills) <= set(worker.skills):
        raise SkillMissing
    return False


def _make_room(session: Session, standing: Standing) -> None:
    """Refuse one more item to a person whose hands are full; what is only kept ready for her makes room."""
    if standing.capacity is None or standing.in_hand < standing.capacity:
        return
    if standing.reserved is None or standing.in_hand > standing.capacity:
        raise AtCapacity
    item = try_lock_item(session, item_id=standing.reserved)
    # Somebody is just at work on it; the next moment will tell.
    if item is None:
        raise AtCapacity
    put_back(session, now=read_now(session), actor=SYSTEM, item=item)


def _end_own_overdue(session: Session, *, workspace_id: UUID, person_id: UUID) -> None:
    held = find_live_claim(session, workspace_id=workspace_id, person_id=person_id)
    if held is not None and held.expires_at <= read_now(session):
        _expire(session, workspace_id=workspace_id, claim_id=held.id)


def _expire(session: Session, *, workspace_id: UUID, claim_id: UUID) -> bool:
    """End one claim whose lease has run out; leave it when somebody is just working on its rows."""
    locked = try_lock_claim(session, workspace_id=workspace_id, claim_id=claim_id)
    at = read_now(session)
    if locked is None or not locked.live or locked.claim.expires_at > at:
        return False
    finish_claim(session, now=at, actor=SYSTEM, locked=locked, act="expire_claim", ended_at=locked.claim.expires_at)
    return True


def expire_claims(*, session: Session, limit: int) -> int:
    """End up to `limit` claims whose lease has run out, put their items back, and return how many."""
    return sum(
        _expire(session, workspace_id=workspace_id, claim_id=claim_id)
        for workspace_id, claim_id, _ in list_overdue_claims(session, limit=limit)
    )


def disable_reviewer(*, session: Session, now: datetime, actor: Actor, person_id: UUID) -> None:
    """Disable a person everywhere: sessions end, keys are revoked, and whatever she has goes back in line.

    Raises:
        NoSuchPerson: there is nobody of that id.
    """
    # The person's lock comes before her row, as in taking an item: the row of a claim refers to it.
    claims, kept = _lock_everything(session, person_id)
    disable_person(session=session, now=now, actor=actor, person_id=person_id)
    for locked in claims:
        at = read_now(session)
        ended_at = min(at, locked.claim.expires_at)
        if locked.item.assigned_to == person_id:
            with session.no_autoflush:
                assign(locked.item, to=None, by=None, until=None)
        finish_claim(session, now=at, actor=actor, locked=locked, act="revoke_claim", ended_at=ended_at)
    for item in kept:
        if item.state == WAITING:
            unassign(session, now=now, item=item)
        elif item.held_by == person_id:
            put_back(session, now=now, actor=actor, item=item)


def _lock_everything(session: Session, person_id: UUID) -> tuple[list[LockedClaim], list[Item]]:
    """Lock all that a person holds, keeps or was given, then the person; from then on she can take nothing more."""
    while True:
        attempt = session.begin_nested()
        live, kept = (
            list_live_claims_of(session, person_id=person_id),
            list_kept_or_assigned(session, person_id=person_id),
        )
        items = {item_id: lock_item(session, item_id=item_id) for item_id in sorted({*(i for _, _, i in live), *kept})}
        locked = [
            lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
            for workspace_id, claim_id, _ in live
        ]
        lock_person(session, person_id)
        now_live, now_kept = (
            list_live_claims_of(session, person_id=person_id),
            list_kept_or_assigned(session, person_id=person_id),
        )
        if set(now_live) <= set(live) and set(now_kept) <= set(kept):
            attempt.commit()
            return [one for one in locked if one.live], [items[item_id] for item_id in kept]
        # She took an item in between. Letting go of all locks keeps their order: items before the person.
        attempt.rollback()
