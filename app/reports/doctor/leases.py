"""Who holds what until when: leases that run, and leases that have run out without anybody putting the item back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.queue.models import Claim, Item

SHOWN_AT_MOST: Final = 50
COUNTED_AT_MOST: Final = 1_000
# The sweeper ends a lease within this time; one that is still there after it says that no sweeper runs.
SWEPT_WITHIN: Final = timedelta(seconds=15)


@dataclass(frozen=True)
class Lease:
    """One item in somebody's hands."""

    item_id: UUID
    queue_id: UUID
    person_id: UUID
    name: str
    since: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Leases:
    """The live leases of a workspace, those that end first before the others; `overdue` ones have run out."""

    all: tuple[Lease, ...]
    overdue: int
    next_expiry_at: datetime | None
    capped: bool

    @property
    def shown(self) -> tuple[Lease, ...]:
        """Return as many as fit into an answer."""
        return self.all[:SHOWN_AT_MOST]


def look_at_leases(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    queues: frozenset[UUID] | None = None,
    besides: UUID | None = None,
) -> Leases:
    """Return the leases on items of these queues, or of all.

    Args:
        besides: A person whose own leases are left out.
    """
    wanted = (
        select(Claim.item_id, Item.queue_id, Claim.person_id, Person.name, Claim.claimed_at, Claim.expires_at)
        .join(Item, Item.id == Claim.item_id)
        .join(Person, Person.id == Claim.person_id)
        .where(Claim.workspace_id == workspace_id, Claim.ended_at.is_(None))
        .order_by(Claim.expires_at, Claim.id)
        .limit(COUNTED_AT_MOST)
    )
    if besides is not None:
        wanted = wanted.where(Claim.person_id != besides)
    rows = [Lease(*row) for row in session.execute(wanted)]
    found = tuple(lease for lease in rows if queues is None or lease.queue_id in queues)
    running = [lease.expires_at for lease in found if lease.expires_at > now]
    return Leases(found, len(found) - len(running), min(running, default=None), len(rows) == COUNTED_AT_MOST)
