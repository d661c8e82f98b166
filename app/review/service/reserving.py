"""Keep an item ready for a reviewer who is about to ask, so that she need not wait for it.

A reservation lasts 60 seconds and costs nothing; the claim, and with it her time, begins when the item is shown.
Called by the desk, the claims API and the sweeper.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.identity.queries import count_reviewers, get_membership
from app.identity.service import PersonDisabled
from app.kernel.clock import read_now
from app.queue.models import Item
from app.queue.queries import find_reserved, list_ended_reservations, waits_more_than
from app.queue.rules import HELD, RESERVED, Standing, Worker, reasons_against
from app.queue.service import assign, lock_item, move, put_last, reserve_next, try_lock_item
from app.review.service.fitness import NothingToClaim, check_queue, standing_of_member, why_not, worker_of
from app.review.service.posting import lock_person


def reserve_ahead(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, queue: str | None = None
) -> Item | NothingToClaim:
    """Return the item that is kept ready for a person from now on, or why there is none.

    One that is ready already is returned again; its minute does not begin anew.

    Raises:
        NoSuchPerson: the person does not belong to the workspace.
        PersonDisabled: she has been disabled.
        OtherQueue: the queue that is asked for is not hers.
    """
    lock_person(session, person_id)
    member = get_membership(session, workspace_id=workspace_id, person_id=person_id)
    if member.person.disabled_at is not None:
        raise PersonDisabled
    check_queue(member, queue)
    worker = worker_of(session, member, queue=queue)
    standing = standing_of_member(session, member)
    ready = own_reservation(session, standing=standing, worker=worker)
    if ready is None and standing.hindrance is None:
        ready = _still_reserved(session, standing=standing, worker=worker) or reserve_next(
            session, actor=actor, workspace_id=workspace_id, worker=worker
        )
    if ready is None:
        return why_not(session, member, worker=worker, standing=standing, queue=queue)
    return session.get_one(Item, ready, populate_existing=True)


def reserve_ahead_if_plenty(session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID) -> bool:
    """Do what `reserve_ahead` does where no colleague could be left without work by it; say whether an item is ready.

    That is where more wait in the item's queue than there are people who may review.

    Raises:
        NoSuchPerson, PersonDisabled: as `reserve_ahead` does.
    """
    attempt = session.begin_nested()
    ready = reserve_ahead(session, actor=actor, workspace_id=workspace_id, person_id=person_id)
    reviewers = count_reviewers(session, workspace_id=workspace_id)
    if isinstance(ready, Item) and waits_more_than(session, queue_id=ready.queue_id, count=reviewers):
        attempt.commit()
        return True
    attempt.rollback()
    return False


def own_reservation(session: Session, *, standing: Standing, worker: Worker) -> UUID | None:
    """Return the item that is reserved for a person and that she may have now; free one that she may not.

    The caller holds the person's lock. The item is taken without waiting: whoever works on it frees it.
    """
    if standing.reserved is None:
        return None
    item = try_lock_item(session, item_id=standing.reserved)
    if item is None or item.state != RESERVED or item.held_by != worker.person_id:
        return None
    now = read_now(session)
    lasts = item.reserved_until is not None and item.reserved_until > now
    if lasts and not reasons_against(item, worker):
        return item.id
    put_back(session, now=now, actor=SYSTEM, item=item)
    return None


def _still_reserved(session: Session, *, standing: Standing, worker: Worker) -> UUID | None:
    """Return the item that is reserved for a person though its row could not be locked.

    Whoever has the lock may only have looked: a colleague's search locks the row that it finds, sees that it is not
    free any more, and goes on with the lock in hand. A person has one item reserved, so it is that one until then.
    """
    if standing.reserved is None:
        return None
    item = session.get_one(Item, standing.reserved, populate_existing=True)
    return item.id if item.state == RESERVED and item.held_by == worker.person_id else None


def end_reservation(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID) -> bool:
    """Put back what is reserved for a person; say whether there was anything."""
    reserved = find_reserved(session, workspace_id=workspace_id, person_id=person_id)
    if reserved is None:
        return False
    item = lock_item(session, item_id=reserved.id)
    if item.state != RESERVED or item.held_by != person_id:
        return False
    put_back(session, now=now, actor=actor, item=item)
    return True


def free_reservations(session: Session, *, limit: int, workspace_id: UUID | None = None) -> int:
    """Put back up to `limit` items whose minute is over, and return how many; rows at work are left."""
    freed = 0
    for item_id in list_ended_reservations(session, limit=limit, workspace_id=workspace_id):
        item = try_lock_item(session, item_id=item_id)
        now = read_now(session)
        if item is None or item.state != RESERVED or item.reserved_until is None or item.reserved_until > now:
            continue
        put_back(session, now=now, actor=SYSTEM, item=item)
        freed += 1
    return freed


def put_back(session: Session, *, now: datetime, actor: Actor, item: Item) -> None:
    """Put a locked item that somebody keeps back in line; nothing happens to any other.

    Whoever held it gets it back only after everything else.
    """
    if item.state == HELD:
        if item.held_by is not None:
            put_last(item, person_id=item.held_by)
        assign(item, to=None, by=None, until=None)
        move(session, now=now, actor=actor, item=item, act="unhold")
    elif item.state == RESERVED:
        move(session, now=now, actor=actor, item=item, act="unreserve")
