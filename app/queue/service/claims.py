"""Hand out items, one holder at a time.

A claim is a lease that ends by itself and carries a fencing token; no item ever has two live claims. Safety comes from
the token, not from the clock: expiry is compared with the database's clock after the lock was taken.
Locks are taken in the order item, claim, person. A claim looks only at rows that nobody holds, so it never waits.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, TextClause, select, text
from sqlalchemy.orm import Session, make_transient_to_detached

from app.audit.rules import Actor
from app.audit.service import events_from, record
from app.kernel.clock import read_now
from app.kernel.errors import Conflict
from app.kernel.ids import new_id, show
from app.queue.models import Claim, Item
from app.queue.queries import NoSuchClaim, get_item
from app.queue.rules import HELD, RESERVATION, RESERVED, WAITING, Worker, extend_lease, reasons_against
from app.queue.service.floors import FRONT, Floors
from app.queue.service.items import move


class ClaimLost(Conflict):
    """This claim has ended; the item is no longer held by it."""


class ItemTaken(Conflict):
    """Somebody else holds this item, or it no longer waits."""


TRIES: Final = 3

# Who may take an item that waits. Every statement that hands items out uses this text, and no other.
ELIGIBLE: Final = """
state = 'waiting' AND skills <@ CAST(:skills AS text[]) AND NOT (:person = ANY(voters))
        AND NOT (barred && CAST(:names AS uuid[])) AND (candidates IS NULL OR candidates && CAST(:names AS uuid[]))
        AND (NOT for_lead OR :lead)"""
# What she skipped comes back to her only when there is nothing else.
NOT_SKIPPED: Final = "NOT (:person = ANY(skipped_by))"


def _line(further: str) -> str:
    """Return the part of a statement that finds and locks the first item in line, as `chosen`.

    Heads of the reviewer's queues are read without a lock, each from where its queue is begun at; the best queue is
    then asked for its first item that nobody holds. Both parts walk ix_items_waiting in order, so the cost does not
    grow with what waits.
    """
    return f"""
heads AS MATERIALIZED (
  SELECT q.id AS queue_id, q.begin, head.sort_key, head.id
    FROM unnest(CAST(:queues AS uuid[]), CAST(:begin AS bigint[])) AS q (id, begin)
   CROSS JOIN LATERAL (
     SELECT sort_key, id FROM items
      WHERE queue_id = q.id AND sort_key >= q.begin AND assigned_to IS NULL AND {ELIGIBLE} AND {further}
      ORDER BY sort_key, id LIMIT 1) AS head
   WHERE EXISTS (SELECT FROM free) AND NOT EXISTS (SELECT FROM given)
), best AS MATERIALIZED (
  SELECT queue_id, begin FROM heads ORDER BY sort_key, id OFFSET :skip LIMIT 1
), chosen AS MATERIALIZED (
  SELECT id FROM items
   WHERE queue_id = (SELECT queue_id FROM best) AND sort_key >= (SELECT begin FROM best)
         AND assigned_to IS NULL AND {ELIGIBLE} AND {further}
   ORDER BY sort_key, id
     FOR UPDATE SKIP LOCKED LIMIT 1
)"""  # noqa: S608  # constants of this module


# How many places of the index this transaction has walked over so far.
_WALKED: Final = "pg_stat_get_xact_tuples_returned('ix_items_waiting'::regclass)"
# Where the heads were found, how far the look had to walk, and how long it took: what floors.py learns from.
_LOOK: Final = f"""
       (SELECT array_agg(queue_id) FROM heads) AS head_queues, (SELECT array_agg(sort_key) FROM heads) AS head_keys,
       {_WALKED} - (SELECT walked FROM free) AS walked,
       extract(epoch FROM clock_timestamp() - statement_timestamp()) * 1000 AS took_ms"""  # noqa: S608  # as above


def claim_statement(further: str = NOT_SKIPPED, *, guard: str = "true", also: str = "true") -> TextClause:
    """Return the statement that lends an item: one given to her by name, whatever its queue, else the first in line.

    Nothing is lent to somebody who has a claim or an item reserved. The clock is read where the row is written, after
    its lock: read earlier, a claim could begin before the one before it ended.

    Args:
        guard: An SQL condition over the parameters that has to hold too.
        also: An SQL expression to evaluate once an item is lent.
    """
    event = events_from(
        "shown",
        type="item.claim",
        subject_kind="item",
        from_state="waiting",
        to_state="claimed",
        details="jsonb_build_object('version', version, 'claim', CAST(:claim_shown AS text), 'token', token)",
    )
    return text(f"""
WITH free AS MATERIALIZED (
  SELECT {_WALKED} AS walked
   WHERE NOT EXISTS (SELECT FROM claims
                      WHERE person_id = :person AND workspace_id = :workspace AND ended_at IS NULL)
     AND NOT EXISTS (SELECT FROM items
                      WHERE held_by = :person AND workspace_id = :workspace AND state = 'reserved')
     AND {guard}
), given AS MATERIALIZED (
  SELECT id FROM items
   WHERE assigned_to = :person AND workspace_id = :workspace AND {ELIGIBLE} AND EXISTS (SELECT FROM free)
         AND NOT EXISTS (SELECT FROM queues WHERE queues.id = items.queue_id AND paused_at IS NOT NULL)
         AND queue_id NOT IN (SELECT id FROM queues WHERE workspace_id = :workspace AND paused_at IS NOT NULL)
   ORDER BY sort_key, id
     FOR UPDATE SKIP LOCKED LIMIT 1
), {_line(further)}, taken AS (
  UPDATE items SET state = 'claimed', token = token + 1, version = version + 1
   WHERE id = COALESCE((SELECT id FROM given), (SELECT id FROM chosen))
  RETURNING id, workspace_id, token, version, claim_ms, cap_ms, clock_timestamp() AS at
), claim AS (
  INSERT INTO claims (id, workspace_id, item_id, person_id, token, channel, claim_ms, cap_ms, claimed_at, expires_at)
  SELECT :claim, workspace_id, id, :person, token, :channel, claim_ms, cap_ms, at,
         at + claim_ms * interval '1 millisecond'
    FROM taken
  RETURNING item_id, token, claim_ms, cap_ms, claimed_at, expires_at
), shown AS (
  SELECT workspace_id, at, id AS subject_id, version, token FROM taken
), event AS ({event}
)
SELECT claim.*, {also} AS also, {_LOOK} FROM claim""")  # noqa: S608  # constants of this module


CLAIM_NEXT: Final = claim_statement()
CLAIM_SKIPPED: Final = claim_statement("true")
RESERVE_NEXT: Final = text(f"""
WITH free AS MATERIALIZED (SELECT {_WALKED} AS walked), given AS (SELECT WHERE false), {_line(NOT_SKIPPED)}, taken AS (
  UPDATE items
     SET state = 'reserved', version = version + 1, held_by = :person, reserved_until = clock_timestamp() + :lasting,
         wake_at = LEAST(wake_at, clock_timestamp() + :lasting)
   WHERE id = (SELECT id FROM chosen)
  RETURNING id, version, clock_timestamp() AS at
)
SELECT id, version, at, {_LOOK} FROM taken
""")  # noqa: S608  # constants of this module
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
