"""Read queues, items and claims. Called by the flows, the desk, the API and the sweeper."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.queue.models import Claim, Item, Queue
from app.queue.rules import HELD, RESERVED, WAITING


class NoSuchClaim(NotFound):
    """There is no such claim in this workspace."""


class NoSuchQueue(NotFound):
    """There is no such queue in this workspace."""


class NoSuchItem(NotFound):
    """There is no such item in this workspace."""


def get_item(session: Session, *, workspace_id: UUID, item_id: UUID) -> Item:
    """Return an item of this workspace.

    Raises:
        NoSuchItem: also when it is another workspace's.
    """
    found = session.scalar(select(Item).where(Item.id == item_id, Item.workspace_id == workspace_id))
    if found is None:
        raise NoSuchItem
    return found


def get_queue(session: Session, *, workspace_id: UUID, queue_id: UUID, lock: bool = False) -> Queue:
    """Return a queue of this workspace, locked against other changes if asked for.

    Raises:
        NoSuchQueue: also when it is another workspace's.
    """
    wanted = select(Queue).where(Queue.id == queue_id, Queue.workspace_id == workspace_id)
    fresh = {"populate_existing": True}
    found = (
        session.scalar(wanted.with_for_update(key_share=True), execution_options=fresh)
        if lock
        else session.scalar(wanted)
    )
    if found is None:
        raise NoSuchQueue
    return found


def find_reserved(session: Session, *, workspace_id: UUID, person_id: UUID) -> Item | None:
    """Return the item that is reserved for a person, if one is, also when its minute is over."""
    return session.scalar(
        select(Item).where(Item.state == RESERVED, Item.held_by == person_id, Item.workspace_id == workspace_id)
    )


def list_kept(session: Session, *, workspace_id: UUID, person_id: UUID) -> list[Item]:
    """Return what a person holds in a workspace, the oldest first."""
    kept = select(Item).where(Item.state == HELD, Item.held_by == person_id, Item.workspace_id == workspace_id)
    return list(session.scalars(kept.order_by(Item.id)))


def list_assigned(session: Session, *, workspace_id: UUID, person_id: UUID) -> list[Item]:
    """Return what waits for a person by name, in the order in which she gets it."""
    return list(
        session.scalars(
            select(Item)
            .where(Item.state == WAITING, Item.assigned_to == person_id, Item.workspace_id == workspace_id)
            .order_by(Item.sort_key, Item.id)
        )
    )


def find_queue(session: Session, *, workspace_id: UUID, name: str) -> Queue | None:
    """Return the queue of this name, if there is one."""
    return session.scalar(select(Queue).where(Queue.workspace_id == workspace_id, Queue.name == name))


def find_items(session: Session, *, workspace_id: UUID, item_ids: Collection[UUID]) -> list[Item]:
    """Return those of these items that this workspace has."""
    return list(session.scalars(select(Item).where(Item.workspace_id == workspace_id, Item.id.in_(item_ids))))


def find_items_of(session: Session, *, submission_ids: Collection[UUID]) -> list[Item]:
    """Return the items that these submissions wait as, of those that ever waited."""
    return list(session.scalars(select(Item).where(Item.submission_id.in_(submission_ids))))


def find_item_of(session: Session, *, submission_id: UUID) -> Item | None:
    """Return the item that a submission waits as, if it ever waited."""
    return session.scalar(select(Item).where(Item.submission_id == submission_id))


def item_states(session: Session, *, submission_ids: list[UUID]) -> dict[UUID, str]:
    """Return the state of the items of these submissions, by submission."""
    if not submission_ids:
        return {}
    rows = session.execute(select(Item.submission_id, Item.state).where(Item.submission_id.in_(submission_ids)))
    return {row.submission_id: row.state for row in rows}


def get_claim(session: Session, *, workspace_id: UUID, claim_id: UUID, person_id: UUID) -> Claim:
    """Return a claim of this person, live or ended.

    Raises:
        NoSuchClaim: also when it is somebody else's.
    """
    found = session.scalar(
        select(Claim).where(Claim.id == claim_id, Claim.workspace_id == workspace_id, Claim.person_id == person_id)
    )
    if found is None:
        raise NoSuchClaim
    return found


def find_live_claim(session: Session, *, workspace_id: UUID, person_id: UUID) -> Claim | None:
    """Return the claim that a person holds now, if any."""
    return session.scalar(
        select(Claim).where(Claim.workspace_id == workspace_id, Claim.person_id == person_id, Claim.ended_at.is_(None))
    )


def find_newest_claim(session: Session, *, item_id: UUID) -> Claim | None:
    """Return the claim with an item's newest token, live or ended."""
    return session.scalar(select(Claim).where(Claim.item_id == item_id).order_by(Claim.token.desc()).limit(1))


def list_claims_beside(session: Session, *, claim: Claim, until: datetime) -> list[Claim]:
    """Return the other claims that this claim's person holds and that began before `until`, in any workspace.

    Ended claims are not among them: their time is posted, and what is posted is subtracted anyway.
    """
    return list(
        session.scalars(
            select(Claim).where(
                Claim.person_id == claim.person_id,
                Claim.id != claim.id,
                Claim.claimed_at < until,
                Claim.ended_at.is_(None),
            )
        )
    )


def list_overdue_claims(
    session: Session, *, limit: int, workspace_id: UUID | None = None
) -> list[tuple[UUID, UUID, UUID]]:
    """Return (workspace, claim, person) of leases that have run out by the database's clock, the longest overdue first.

    Args:
        workspace_id: None for those of all workspaces.
    """
    overdue = select(Claim.workspace_id, Claim.id, Claim.person_id).where(
        Claim.ended_at.is_(None), Claim.expires_at <= func.clock_timestamp()
    )
    if workspace_id is not None:
        overdue = overdue.where(Claim.workspace_id == workspace_id)
    return [(row[0], row[1], row[2]) for row in session.execute(overdue.order_by(Claim.expires_at).limit(limit))]


def list_ended_reservations(session: Session, *, limit: int, workspace_id: UUID | None = None) -> list[UUID]:
    """Return items whose reservation has run out by the database's clock, in the order in which locks are taken."""
    ended = select(Item.id).where(Item.state == RESERVED, Item.reserved_until <= func.clock_timestamp())
    if workspace_id is not None:
        ended = ended.where(Item.workspace_id == workspace_id)
    return list(session.scalars(ended.order_by(Item.id).limit(limit)))


def waits_more_than(session: Session, *, queue_id: UUID, count: int) -> bool:
    """Say whether more items than these wait in a queue for whoever comes; however many do, no more are counted."""
    waiting = select(Item.id).where(Item.queue_id == queue_id, Item.state == WAITING, Item.assigned_to.is_(None))
    return (session.scalar(select(func.count()).select_from(waiting.limit(count + 1).subquery())) or 0) > count


def list_live_claims_of(session: Session, *, person_id: UUID) -> list[tuple[UUID, UUID, UUID]]:
    """Return (workspace, claim, item) of what a person holds now, in the order in which locks are taken."""
    rows = session.execute(
        select(Claim.workspace_id, Claim.id, Claim.item_id)
        .where(Claim.person_id == person_id, Claim.ended_at.is_(None))
        .order_by(Claim.item_id)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def list_kept_or_assigned(session: Session, *, person_id: UUID) -> list[UUID]:
    """Return the items that a person keeps or that wait for her by name, in any workspace, in the order of locks."""
    kept = Item.state.in_((RESERVED, HELD)) & (Item.held_by == person_id)
    given = (Item.state == WAITING) & (Item.assigned_to == person_id)
    return list(session.scalars(select(Item.id).where(kept | given).order_by(Item.id)))


def next_expiry(session: Session) -> datetime | None:
    """Return when the next live lease runs out, or None when nobody holds one."""
    return session.scalar(select(func.min(Claim.expires_at)).where(Claim.ended_at.is_(None)))


def find_queue_id(session: Session, *, workspace_id: UUID, name: str) -> UUID | None:
    """Return the queue of this name, if there is one."""
    return session.scalar(select(Queue.id).where(Queue.workspace_id == workspace_id, Queue.name == name))


def known_queues(session: Session, *, workspace_id: UUID, names: Collection[str]) -> set[str]:
    """Return which of these names are queues of the workspace, paused ones too."""
    return set(session.scalars(select(Queue.name).where(Queue.workspace_id == workspace_id, Queue.name.in_(names))))


def queue_ids(session: Session, *, workspace_id: UUID, names: list[str]) -> list[UUID]:
    """Return the queues of these names that are worked; every one of the workspace when no name is given."""
    query = select(Queue.id).where(Queue.workspace_id == workspace_id, Queue.paused_at.is_(None))
    if names:
        query = query.where(Queue.name.in_(names))
    return list(session.scalars(query))
