"""The only writers of queues, items and claims. Nothing here knows what an item contains or what a second costs."""

from app.queue.service.claims import (
    ClaimLost,
    ItemTaken,
    LockedClaim,
    advance,
    claim_item,
    claim_next,
    lock_claim,
    lock_item,
    try_lock_claim,
)
from app.queue.service.items import NewItem, bar, enqueue, move

__all__ = [
    "ClaimLost",
    "ItemTaken",
    "LockedClaim",
    "NewItem",
    "advance",
    "bar",
    "claim_item",
    "claim_next",
    "enqueue",
    "lock_claim",
    "lock_item",
    "move",
    "try_lock_claim",
]
