"""Lock an item, or an item and then its claim, and see both as they are now.

Locks are taken in this order everywhere. Called by the services of the queue and by the flow out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Claim, Item
from app.queue.queries import NoSuchClaim

# What was read before the lock may be old by now.
_FRESH: Final[Mapping[str, Any]] = {"populate_existing": True}


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
    item = lock_item(session, item_id=item_id)
    return LockedClaim(item, _lock_only(session, claim_id))


def try_lock_claim(session: Session, *, workspace_id: UUID, claim_id: UUID) -> LockedClaim | None:
    """Lock a claim with its item, or return None when another transaction is at work on the item."""
    item_of = select(Item).join(Claim, Claim.item_id == Item.id)
    item = session.scalar(
        item_of.where(Claim.id == claim_id, Claim.workspace_id == workspace_id).with_for_update(
            of=Item, skip_locked=True
        ),
        execution_options=_FRESH,
    )
    return None if item is None else LockedClaim(item, _lock_only(session, claim_id))


def try_lock_item(session: Session, *, item_id: UUID) -> Item | None:
    """Lock an item and return it as it is now, or None when another transaction is at work on it."""
    return session.scalar(
        select(Item).where(Item.id == item_id).with_for_update(skip_locked=True), execution_options=_FRESH
    )


def lock_item(session: Session, *, item_id: UUID) -> Item:
    """Lock an item and return it as it is now."""
    return session.scalars(select(Item).where(Item.id == item_id).with_for_update(), execution_options=_FRESH).one()


def _lock_only(session: Session, claim_id: UUID) -> Claim:
    """Lock a claim whose item this transaction has locked."""
    return session.scalars(select(Claim).where(Claim.id == claim_id).with_for_update(), execution_options=_FRESH).one()
