"""What tests of the acts on items say again and again: whose claim it is, and the item as it is now."""

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.queue.models import Claim, Item


def of(claim: Claim) -> dict[str, Any]:
    """Return whose claim it is, as every act on one asks."""
    return {
        "actor": Actor("person", claim.person_id),
        "workspace_id": claim.workspace_id,
        "person_id": claim.person_id,
        "claim_id": claim.id,
    }


def item_of_id(session: Session, item_id: UUID) -> Item:
    """Return an item as it is now."""
    return session.get_one(Item, item_id, populate_existing=True)


def item_of(session: Session, claim: Claim) -> Item:
    """Return the item of a claim as it is now."""
    return item_of_id(session, claim.item_id)
