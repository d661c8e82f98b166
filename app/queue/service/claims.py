"""Hand out items, one holder at a time.

A claim is a lease that ends by itself and carries a fencing token; no item ever has two live claims. Safety comes from
the token, not from the clock: expiry is compared with the database's clock after the lock was taken.
Locks are taken in the order item, claim, person. A claim looks only at rows that nobody holds, so it never waits.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, select
from sqlalchemy.orm import Session, make_transient_to_detached

from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.clock import read_now
from app.kernel.errors import Conflict
from app.kernel.ids import new_id, show
from app.queue.models import Claim, Item
from app.queue.queries import get_item
from app.queue.rules import HELD, RESERVATION, RESERVED, WAITING, Worker, extend_lease, reasons_against
from app.queue.service.floors import FRONT, Floors
from app.queue.service.items import move
from app.queue.service.line import CLAIM_NEXT, CLAIM_SKIPPED, RESERVE_NEXT
from app.queue.service.locks import LockedClaim


class ClaimLost(Conflict):
    """This claim has ended; the item is no longer held by it."""


class ItemTaken(Conflict):
    """Somebody else holds this item, or it no longer waits."""


TRIES: Final = 3


FLOORS: Final = Floors()


def _values(workspace_id: UUID, worker: Worker) -> dict[str, Any]:
    """Return what the statements above ask of a person."""
    return {
        "workspace": workspace_id,
        "queues": list(worker.queues),
        "skills": list(worker.skills),
        "person": worker.person_id,
        "names": worker.names,
        "lead": worker.lead,
    }


def _first_found(
    session: Session, worker: Worker, statements: Sequence[TextClause], values: Mapping[str, Any]
) -> Row[Any] | None:
    """Run the statements until one finds an item; None when nothing is free, seen from the very front."""
    for statement in statements:
        for skip in range(min(TRIES, max(1, len(worker.queues)))):
            begin = FLOORS.begin(worker)
            row = session.execute(statement, {**values, "skip": skip, "begin": begin}).one_or_none()
            if row is None and any(key != FRONT for key in begin):
                FLOORS.forget(worker)
                begin = [FRONT] * len(worker.queues)
                row = session.execute(statement, {**values, "skip": skip, "begin": begin}).one_or_none()
            if row is not None:
                heads = dict(zip(row.head_queues or (), row.head_keys or (), strict=True))
                FLOORS.learn(worker, begun=begin, heads=heads, walked=row.walked, took_ms=float(row.took_ms))
                return row
    return None


def claim_next(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    worker: Worker,
    channel: str,
    statements: Sequence[TextClause] = (CLAIM_NEXT, CLAIM_SKIPPED),
) -> Claim | None:
    """Lend the first item in line that this person may work, or return None when nothing is free.

    First comes what was given to her by name, then the best of her queues, at last what she has skipped before.
    The caller holds the person's lock, so that one person never ends up with two claims.
    """
    claim_id = new_id()
    values = {
        **_values(workspace_id, worker),
        "channel": channel,
        "claim": claim_id,
        "claim_shown": show("claim", claim_id),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
    }
    row = _first_found(session, worker, statements, values)
    if row is None:
        return None
    claim = Claim(
        id=claim_id,
        workspace_id=workspace_id,
        item_id=row.item_id,
        person_id=worker.person_id,
        token=row.token,
        channel=channel,
        claim_ms=row.claim_ms,
        cap_ms=row.cap_ms,
        claimed_at=row.claimed_at,
        expires_at=row.expires_at,
        ended_at=None,
        outcome=None,
    )
    # The row is there already and this is what it says; to read it again would say the same.
    make_transient_to_detached(claim)
    session.add(claim)
    return claim


def reserve_next(session: Session, *, actor: Actor, workspace_id: UUID, worker: Worker) -> UUID | None:
    """Keep the first item in line for a person for 60 seconds; return its id, or None when nothing is free.

    The caller holds the person's lock, so that one person never has two items reserved.
    """
    values = {**_values(workspace_id, worker), "lasting": RESERVATION}
    row = _first_found(session, worker, (RESERVE_NEXT,), values)
    if row is None:
        return None
    record(
        session,
        now=row.at.astimezone(UTC),
        actor=actor,
        workspace_id=workspace_id,
        type="item.reserve",
        subject_kind="item",
        subject_id=row.id,
        from_state=WAITING,
        to_state=RESERVED,
        details={"version": row.version, "person": show("person", worker.person_id)},
    )
    reserved: UUID = row.id
    return reserved


def claim_item(
    session: Session, *, actor: Actor, workspace_id: UUID, worker: Worker, item_id: UUID, channel: str
) -> Claim:
    """Lend one particular item: one that waits, or one that is reserved for this person or held by her.

    Raises:
        NoSuchItem: there is none of that id in the workspace.
        ItemTaken: it does not wait, or this person may not take it.
    """
    get_item(session, workspace_id=workspace_id, item_id=item_id)
    item = session.scalar(
        select(Item).where(Item.id == item_id).with_for_update(skip_locked=True),
        # What was read before the lock may be old by now, voters included.
        execution_options={"populate_existing": True},
    )
    if item is None or not _may_take(item, worker):
        raise ItemTaken
    at = read_now(session)
    item.token += 1
    claim = Claim(
        id=new_id(),
        workspace_id=workspace_id,
        item_id=item.id,
        person_id=worker.person_id,
        token=item.token,
        channel=channel,
        claim_ms=item.claim_ms,
        cap_ms=item.cap_ms,
        claimed_at=at,
        expires_at=extend_lease(claimed_at=at, now=at, claim_ms=item.claim_ms),
    )
    session.add(claim)
    move(
        session,
        now=at,
        actor=actor,
        item=item,
        act="claim",
        details={"claim": show("claim", claim.id), "token": claim.token},
    )
    return claim


def _may_take(item: Item, worker: Worker) -> bool:
    """Say whether a person may take this very item; one that she keeps already is hers."""
    if item.state in {RESERVED, HELD}:
        return item.held_by == worker.person_id
    return item.state == WAITING and not reasons_against(item, worker)


def advance(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    locked: LockedClaim,
    act: str,
    ended_at: datetime,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Make one step with a locked item; a step that ends the claim ends it at `ended_at`.

    Raises:
        StepNotAllowed: the item's state does not allow the step.
    """
    claim = locked.claim
    facts = {"claim": show("claim", claim.id), "token": claim.token, **(details or {})}
    transition = move(session, now=now, actor=actor, item=locked.item, act=act, details=facts)
    if transition.claim_outcome is not None:
        claim.ended_at = max(claim.claimed_at, ended_at)
        claim.outcome = transition.claim_outcome
        session.flush()
