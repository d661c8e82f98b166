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
    reserve_next,
    try_lock_claim,
    try_lock_item,
)
from app.queue.service.escalating import take_step
from app.queue.service.items import NewItem, assign, bar, enqueue, find_or_add_queue, move, put_last, unassign

__all__ = [
    "ClaimLost",
    "ItemTaken",
    "LockedClaim",
    "NewItem",
    "advance",
    "assign",
    "bar",
    "claim_item",
    "claim_next",
    "enqueue",
    "extend_claim",
    "find_or_add_queue",
    "lock_claim",
    "lock_item",
    "move",
    "put_last",
    "reserve_next",
    "take_step",
    "try_lock_claim",
    "try_lock_item",
    "unassign",
]
