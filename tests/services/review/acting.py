"""What tests of the acts on items say again and again: the item as it is now."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.queue.models import Claim, Item


def item_of_id(session: Session, item_id: UUID) -> Item:
    """Return an item as it is now."""
    return session.get_one(Item, item_id, populate_existing=True)


def item_of(session: Session, claim: Claim) -> Item:
    """Return the item of a claim as it is now."""
    return item_of_id(session, claim.item_id)
