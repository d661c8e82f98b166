"""What leads do with items: give them to a person, give them back to everybody, end a hold.

Called by the floor, the item page and the items API.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Forbidden
from app.kernel.ids import show
from app.notifications.service import tell_handed_over
from app.queue.models import Item
from app.queue.queries import find_newest_claim, get_item, get_queue
from app.queue.rules import CLAIMED, HELD, OPEN
from app.queue.service import LockedClaim, assign, lock_claim, lock_item, move, put_last
from app.review.service.fitness import check_can_take, find_named
from app.review.service.notes import add_note
from app.review.service.posting import finish_claim
from app.review.service.reserving import put_back


class ItemClosed(Conflict):
    """The item is decided, expired or cancelled."""


class NotHeld(Conflict):
    """Nobody keeps this item."""


class NotYourHold(Forbidden):
    """Somebody else keeps this item; only she or a lead may put it back."""


def assign_item(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    by: UUID,
    item_id: UUID,
    to: str | None,
    note: str | None = None,
) -> Item:
    """Give an open item to a person by name, or with `to` None to everybody; whoever has it, has it no more.

    A live claim ends and its time is posted; what was typed stays as a draft. Whoever had it gets it back only after
    everything else.

    Args:
        by: The lead who does it.
        to: An id or e-mail address.

    Raises:
        NoSuchItem: also when it is another workspace's.
        ItemClosed: there is nothing left to do.
        CannotTakeIt: nobody of that name is here, or she could never take it; the faults say why.
    """
    get_item(session, workspace_id=workspace_id, item_id=item_id)
    item = lock_item(session, item_id=item_id)
    if item.state not in OPEN:
        raise ItemClosed(f"The item is {item.state}.")
    at = read_now(session)
    receiver, until = _receiver(session, item, to, at)
    details = {"to": None if receiver is None else show("person", receiver)}
    # Locking reads the rows anew, so it comes before any change of them.
    locked = _lock_holder(session, item)
    holder = locked.claim.person_id if locked else item.held_by
    with session.no_autoflush:
        if holder is not None and holder != receiver:
            put_last(item, person_id=holder)
        assign(item, to=receiver, by=by, until=until)
        if locked is None:
            move(session, now=at, actor=actor, item=item, act="reassign", details=details)
        else:
            ended_at = min(at, locked.claim.expires_at)
            finish_claim(
                session, now=at, actor=actor, locked=locked, act="reassign", ended_at=ended_at, details=details
            )
    if note:
        add_note(session, now=at, item=item, person_id=by, kind="reassign", text=note)
    if receiver is not None:
        tell_handed_over(session, now=at, workspace_id=workspace_id, item_id=item.id, to_person=receiver, by_person=by)
    return item


def _receiver(session: Session, item: Item, to: str | None, at: datetime) -> tuple[UUID | None, datetime | None]:
    """Return who gets the item, and until when only she."""
    if to is None:
        return None, None
    member = find_named(session, workspace_id=item.workspace_id, name=to)
    check_can_take(session, item=item, member=member)
    queue = get_queue(session, workspace_id=item.workspace_id, queue_id=item.queue_id)
    return member.person.id, at + timedelta(milliseconds=queue.lapse_ms)


def _lock_holder(session: Session, item: Item) -> LockedClaim | None:
    """Lock the claim that holds a locked item, if one does."""
    if item.state != CLAIMED:
        return None
    claim = find_newest_claim(session, item_id=item.id)
    assert claim is not None, "a claimed item has a claim"  # noqa: S101  # the lifecycle holds this
    return lock_claim(session, workspace_id=item.workspace_id, person_id=None, claim_id=claim.id)


def unhold_item(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, oversees: bool, item_id: UUID
) -> Item:
    """Put an item that somebody keeps for later back in line.

    Args:
        oversees: Whether the person may do so with what others keep.

    Raises:
        NoSuchItem: also when it is another workspace's.
        NotHeld: nobody keeps it.
        NotYourHold: somebody else does.
    """
    get_item(session, workspace_id=workspace_id, item_id=item_id)
    item = lock_item(session, item_id=item_id)
    if item.state != HELD:
        raise NotHeld
    if item.held_by != person_id and not oversees:
        raise NotYourHold
    with session.no_autoflush:
        put_back(session, now=read_now(session), actor=actor, item=item)
    return item
