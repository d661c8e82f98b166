"""Read who could be told: the reviewers of a workspace with their groups, access and presence, and their habits.

Called by the services that spread news and write messages.
"""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import Group, GroupMember, Membership, Person
from app.identity.rules import permissions_of_roles
from app.notifications.models import NotificationPreference
from app.notifications.rules.audience import Colleague
from app.notifications.rules.habits import Habits
from app.queue.models import Presence


def list_colleagues(
    session: Session, *, workspace_id: UUID, person_ids: list[UUID] | None = None
) -> dict[UUID, Colleague]:
    """Return the people of a workspace who may review or administer now, by id; nobody who has been disabled.

    Args:
        person_ids: Only these, if given.
    """
    query = (
        select(Membership, Person, Presence)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(Presence, (Presence.person_id == Person.id) & (Presence.workspace_id == Membership.workspace_id))
        .where(Membership.workspace_id == workspace_id, Person.disabled_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if person_ids is not None:
        query = query.where(Person.id.in_(person_ids))
    rows = [row for row in session.execute(query) if {"review", "admin"} & permissions_of_roles(row[0].roles)]
    groups = _groups(session, workspace_id, [person.id for _, person, _ in rows])
    return {person.id: _colleague(member, person, there, groups[person.id]) for member, person, there in rows}


def _groups(session: Session, workspace_id: UUID, person_ids: list[UUID]) -> dict[UUID, list[Group]]:
    query = (
        select(GroupMember.person_id, Group)
        .join(Group, Group.id == GroupMember.group_id)
        .where(Group.workspace_id == workspace_id, GroupMember.person_id.in_(person_ids))
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[Group]] = defaultdict(list)
    for person_id, group in session.execute(query):
        found[person_id].append(group)
    return found


def _colleague(member: Membership, person: Person, there: Presence | None, groups: list[Group]) -> Colleague:
    may = permissions_of_roles(member.roles)
    return Colleague(
        person_id=person.id,
        name=person.name,
        email=person.email,
        groups=frozenset(group.id for group in groups),
        skills=frozenset(member.skills).union(*(group.skills for group in groups)),
        queues=frozenset(member.queues).union(*(group.queues for group in groups)),
        lead="oversee" in may,
        reviews="review" in may,
        admin="admin" in may,
        paused=there is not None and there.paused_at is not None,
        seen_at=None if there is None else there.seen_at,
    )


def names_of(session: Session, *, person_ids: set[UUID]) -> dict[UUID, str]:
    """Return people's names by id."""
    if not person_ids:
        return {}
    return {
        row.id: row.name for row in session.execute(select(Person.id, Person.name).where(Person.id.in_(person_ids)))
    }


def habits_of(session: Session, *, workspace_id: UUID, person_id: UUID) -> Habits:
    """Return how a person is told in a workspace: her choice, or the defaults."""
    row = session.get(NotificationPreference, (workspace_id, person_id), populate_existing=True)
    return Habits() if row is None else _habits(row)


def habits_by_person(session: Session, *, workspace_id: UUID) -> dict[UUID, Habits]:
    """Return the choices that people of a workspace have made, by person."""
    rows = session.scalars(
        select(NotificationPreference)
        .where(NotificationPreference.workspace_id == workspace_id)
        .execution_options(populate_existing=True)
    )
    return {row.person_id: _habits(row) for row in rows}


def _habits(row: NotificationPreference) -> Habits:
    return Habits(row.modes, row.zone, row.daily_at, row.quiet_from, row.quiet_until)
