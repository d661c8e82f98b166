"""Lock an item, or an item and then its claim, and see both as they are now.

Locks are taken in this order everywhere. Called by the services of the queue and by the flow out.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Claim, Item
from app.queue.queries import NoSuchClaim


@dataclass(frozen=True)
class LockedClaim:
    """A claim and its item, both locked, in that order: item, then claim."""

    item: Item
    claim: Claim

    @property
    def live(self) -> bool:
        """Say whether the claim still holds the item."""
        return self.claim.ended_at is None

    @property
    def newest(self) -> bool:
        """Say whether no later claim on the item was ever given out."""
        return self.claim.token == self.item.token


def lock_claim(session: Session, *, workspace_id: UUID, person_id: UUID | None, claim_id: UUID) -> LockedClaim:
    """Lock the item of a claim, then the claim, and return both as they are now.

    Args:
        person_id: Whose claim it must be; None for the service's own sweeps.

    Raises:
        NoSuchClaim: also when it is somebody else's.
    """
    wanted = select(Claim.item_id).where(Claim.id == claim_id, Claim.workspace_id == workspace_id)
    if person_id is not None:
        wanted = wanted.where(Claim.person_id == person_id)
    item_id = session.scalar(wanted)
    if item_id is None:
        raise NoSuchClaim
    fresh = {"populate_existing": True}
    item = lock_item(session, item_id=item_id)
    claim = session.scalars(select(Claim).where(Claim.id == claim_id).with_for_update(), execution_options=fresh).one()
    return LockedClaim(item, claim)


def try_lock_claim(session: Session, *, workspace_id: UUID, claim_id: UUID) -> LockedClaim | None:
    """Lock a claim with its item, or return None when another transaction is at work on the item."""
    item_id = session.scalars(
        select(Claim.item_id).where(Claim.id == claim_id, Claim.workspace_id == workspace_id)
    ).one()
    free = select(Item.id).where(Item.id == item_id).with_for_update(skip_locked=True)
    if session.scalar(free) is None:
        return None
    return lock_claim(session, workspace_id=workspace_id, person_id=None, claim_id=claim_id)


def try_lock_item(session: Session, *, item_id: UUID) -> Item | None:
    """Lock an item and return it as it is now, or None when another transaction is at work on it."""
    return session.scalar(
        select(Item).where(Item.id == item_id).with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    )


def lock_item(session: Session, *, item_id: UUID) -> Item:
    """Lock an item and return it as it is now."""
    return session.scalars(
        select(Item).where(Item.id == item_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
