"""Take items and give them back. Called by the desk, the claims API, the command line and the sweeper."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.identity.queries import MembershipRow, get_membership
from app.identity.rules import permissions_of_roles
from app.identity.service import PersonDisabled, disable_person
from app.kernel.clock import read_now
from app.kernel.errors import Forbidden
from app.queue.models import Claim
from app.queue.queries import (
    find_live_claim,
    get_item,
    list_live_claims_of,
    list_overdue_claims,
    queue_ids,
    why_nothing,
)
from app.queue.rules import Worker
from app.queue.service import ClaimLost, LockedClaim, claim_item, claim_next, lock_claim, try_lock_claim
from app.review.service.posting import finish_claim, lock_person


class OtherQueue(Forbidden):
    """This person does not work that queue."""


class SkillMissing(Forbidden):
    """This item needs a skill that this person does not have."""


class NothingToClaim:
    """No item is free for this person; `why` counts, per reason, the items that are not."""

    def __init__(self, why: dict[str, int]) -> None:
        self.why = why


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
        NoSuchItem, ItemTaken: the item asked for cannot be had.
    """
    _end_own_overdue(session, workspace_id=workspace_id, person_id=person_id)
    lock_person(session, person_id)
    # Read under the lock that disabling takes too, so that nobody is handed an item once she is disabled.
    member = get_membership(session, workspace_id=workspace_id, person_id=person_id)
    if member.person.disabled_at is not None:
        raise PersonDisabled
    if queue is not None and member.queues and queue not in member.queues:
        raise OtherQueue
    held = find_live_claim(session, workspace_id=workspace_id, person_id=person_id)
    if held is not None:
        return held, False
    worker = _worker(session, member, queue)
    if item_id is not None:
        _check_fit(session, workspace_id=workspace_id, item_id=item_id, worker=worker)
        claim = claim_item(
            session, actor=actor, workspace_id=workspace_id, worker=worker, item_id=item_id, channel=channel
        )
        return claim, True
    next_claim = claim_next(session, actor=actor, workspace_id=workspace_id, worker=worker, channel=channel)
    if next_claim is not None:
        return next_claim, True
    return NothingToClaim(why_nothing(session, workspace_id=workspace_id, worker=worker))


def _worker(session: Session, member: MembershipRow, queue: str | None) -> Worker:
    """Return what a claim needs to know of a person, narrowed to one queue if one is asked for."""
    names = [queue] if queue is not None else list(member.queues)
    return Worker(
        person_id=member.person.id,
        groups=(),
        queues=tuple(queue_ids(session, workspace_id=member.workspace_id, names=names)),
        skills=member.skills,
        lead="oversee" in permissions_of_roles(member.roles),
    )


def _check_fit(session: Session, *, workspace_id: UUID, item_id: UUID, worker: Worker) -> None:
    """Refuse an item that this person would never be handed in turn."""
    item = get_item(session, workspace_id=workspace_id, item_id=item_id)
    if worker.person_id in {item.assigned_to, item.held_by}:
        return
    if item.queue_id not in worker.queues:
        raise OtherQueue
    if not set(item.skills) <= set(worker.skills):
        raise SkillMissing


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
        for workspace_id, claim_id in list_overdue_claims(session, limit=limit)
    )


def give_back(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    act: str,
    reason: str | None = None,
) -> None:
    """Skip or release a live claim: the item goes back in line, the time that went into it is posted.

    Args:
        act: "skip" or "release".

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ClaimLost: it has ended already.
    """
    locked = lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
    if not locked.live:
        raise ClaimLost
    at = read_now(session)
    details = {"reason": reason} if reason else None
    ended_at = min(at, locked.claim.expires_at)
    finish_claim(session, now=at, actor=actor, locked=locked, act=act, ended_at=ended_at, details=details)


def disable_reviewer(*, session: Session, now: datetime, actor: Actor, person_id: UUID) -> None:
    """Disable a person everywhere: sessions end, keys are revoked, and what she holds goes back in line.

    Raises:
        NoSuchPerson: there is nobody of that id.
    """
    # The person's lock comes before her row, as in taking an item: the row of a claim refers to it.
    held = _hold_everything(session, person_id)
    disable_person(session=session, now=now, actor=actor, person_id=person_id)
    for locked in held:
        at = read_now(session)
        ended_at = min(at, locked.claim.expires_at)
        finish_claim(session, now=at, actor=actor, locked=locked, act="revoke_claim", ended_at=ended_at)


def _hold_everything(session: Session, person_id: UUID) -> list[LockedClaim]:
    """Lock all that a person holds, then the person, and return the claims; from then on she can take no other."""
    while True:
        attempt = session.begin_nested()
        locked = [
            lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
            for workspace_id, claim_id in list_live_claims_of(session, person_id=person_id)
        ]
        lock_person(session, person_id)
        held = {one.claim.id for one in locked}
        if all(claim_id in held for _, claim_id in list_live_claims_of(session, person_id=person_id)):
            attempt.commit()
            return [one for one in locked if one.live]
        # She took an item in between. Letting go of all locks keeps their order: items before the person.
        attempt.rollback()
