"""The people of a workspace as the doctor sees them: what each may work, and how she stands at the moment.

Up to PEOPLE_AT_MOST people in three statements, however many items there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.orm import Session

from app.identity.models import Membership
from app.identity.queries import MembershipRow, list_members
from app.identity.rules import permissions_of_roles
from app.queue.models import Queue
from app.queue.rules import Standing, Worker
from app.queue.rules.diagnosis import Colleague

PEOPLE_AT_MOST: Final = 200
# Whoever asked for work or held something in this time counts as being there.
THERE_FOR: Final = timedelta(minutes=15)

_STANDINGS: Final = text("""
SELECT m.person_id, p.paused_at, p.reason, p.seen_at, coalesce(c.n, 0) + coalesce(k.n, 0) AS in_hand,
       coalesce(c.n, 0) > 0 AS claims, r.id AS reserved
  FROM memberships AS m
  LEFT JOIN presences AS p ON p.workspace_id = m.workspace_id AND p.person_id = m.person_id
  LEFT JOIN (SELECT person_id, count(*) AS n FROM claims
              WHERE workspace_id = :workspace AND ended_at IS NULL GROUP BY person_id) AS c
         ON c.person_id = m.person_id
  LEFT JOIN (SELECT held_by, count(*) AS n FROM items
              WHERE workspace_id = :workspace AND state IN ('reserved', 'held') GROUP BY held_by) AS k
         ON k.held_by = m.person_id
  LEFT JOIN items AS r ON r.held_by = m.person_id AND r.state = 'reserved' AND r.workspace_id = m.workspace_id
 WHERE m.workspace_id = :workspace AND m.person_id IN :people
""").bindparams(bindparam("people", expanding=True))


@dataclass(frozen=True)
class Member:
    """A person of the workspace: `row` is what is kept of her, `as_seen` how she stands just now."""

    row: MembershipRow
    as_seen: Colleague
    pause_reason: str | None
    seen_at: datetime | None

    @property
    def id(self) -> UUID:
        """Return her id."""
        return self.row.person.id

    @property
    def name(self) -> str:
        """Return her name."""
        return self.row.person.name


@dataclass(frozen=True)
class QueueName:
    """A queue's name and whether it is paused."""

    id: UUID
    name: str
    paused_at: datetime | None


def list_queue_names(session: Session, *, workspace_id: UUID) -> list[QueueName]:
    """Return every queue of a workspace, by name."""
    rows = session.execute(
        select(Queue.id, Queue.name, Queue.paused_at).where(Queue.workspace_id == workspace_id).order_by(Queue.name)
    )
    return [QueueName(*row) for row in rows]


def count_people(session: Session, *, workspace_id: UUID) -> int:
    """Return how many people belong to a workspace."""
    members = select(func.count()).select_from(Membership).where(Membership.workspace_id == workspace_id)
    return session.scalars(members).one()


def everybody(
    session: Session, *, now: datetime, workspace_id: UUID, queues: Sequence[QueueName]
) -> tuple[list[Member], int]:
    """Return up to PEOPLE_AT_MOST people of a workspace by name, and how many there are in all."""
    rows = list_members(session, workspace_id=workspace_id, limit=PEOPLE_AT_MOST)
    total = len(rows) if len(rows) < PEOPLE_AT_MOST else count_people(session, workspace_id=workspace_id)
    return as_colleagues(session, now=now, workspace_id=workspace_id, rows=rows, queues=queues), total


def as_colleagues(
    session: Session, *, now: datetime, workspace_id: UUID, rows: Sequence[MembershipRow], queues: Sequence[QueueName]
) -> list[Member]:
    """Return these people as the doctor sees them."""
    people = [row.person.id for row in rows]
    stands = {s.person_id: s for s in session.execute(_STANDINGS, {"workspace": workspace_id, "people": people})}
    by_name = {queue.name: queue.id for queue in queues}
    members = []
    for row in rows:
        stand = stands[row.person.id]
        lately = stand.seen_at is not None and now - stand.seen_at <= THERE_FOR
        seen = Colleague(
            worker=_worker(row, by_name),
            standing=Standing(stand.paused_at, stand.in_hand, row.capacity, stand.reserved, bool(lately)),
            enabled=row.enabled,
            reviews="review" in permissions_of_roles(row.roles),
            present=row.enabled and stand.paused_at is None and (bool(lately) or stand.claims),
        )
        members.append(Member(row, seen, stand.reason if stand.paused_at else None, stand.seen_at))
    return members


def _worker(row: MembershipRow, queues: Mapping[str, UUID]) -> Worker:
    names = row.all_queues or tuple(queues)
    return Worker(
        person_id=row.person.id,
        groups=tuple(group.id for group in row.groups),
        queues=tuple(queues[name] for name in names if name in queues),
        skills=row.all_skills,
        lead="oversee" in permissions_of_roles(row.roles),
    )
