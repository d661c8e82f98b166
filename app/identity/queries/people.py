"""Read workspaces, people as members of them, and groups. Called through app/identity/queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_
from sqlalchemy.orm import Session

from app.identity.models import Group, GroupMember, Membership, MembershipTerms, Person, Workspace
from app.identity.rules import ROLES, BadEmail, Terms, check_email, permissions_of_roles
from app.kernel.errors import NotFound
from app.kernel.ids import NoSuchId, parse
from app.kernel.paging import DEFAULT_LIMIT, Page, read_cursor, write_cursor


class NoSuchPerson(NotFound):
    """There is no such person in this workspace."""


class NoSuchWorkspace(NotFound):
    """There is no such workspace."""


@dataclass(frozen=True)
class WorkspaceRow:
    """A workspace."""

    id: UUID
    name: str


@dataclass(frozen=True)
class PersonRow:
    """A person's account."""

    id: UUID
    email: str
    name: str
    has_password: bool
    disabled_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class GroupRow:
    """A group, as far as it gives its members skills and queues."""

    id: UUID
    name: str
    skills: tuple[str, ...]
    queues: tuple[str, ...]


@dataclass(frozen=True)
class MembershipRow:
    """A person in one workspace. `skills` and `queues` are her own; with her groups' they are what she may work.

    `capacity` is the most items she may have in hand at once, None for no limit; `vendor` the company that sends her,
    None for one of our own.
    """

    workspace_id: UUID
    person: PersonRow
    roles: tuple[str, ...]
    skills: tuple[str, ...]
    queues: tuple[str, ...]
    capacity: int | None
    vendor: str | None
    groups: tuple[GroupRow, ...]
    created_at: datetime

    @property
    def all_skills(self) -> tuple[str, ...]:
        """Return her skills with those of her groups, once each."""
        return tuple(dict.fromkeys([*self.skills, *(skill for group in self.groups for skill in group.skills)]))

    @property
    def all_queues(self) -> tuple[str, ...]:
        """Return the queues that she may work, her groups' too; none at all means every queue."""
        return tuple(dict.fromkeys([*self.queues, *(queue for group in self.groups for queue in group.queues)]))

    @property
    def enabled(self) -> bool:
        """Say whether she can do anything at all."""
        return self.person.disabled_at is None


def find_groups(session: Session, *, workspace_id: UUID, names: Sequence[str]) -> dict[str, UUID]:
    """Return the groups of these names that there are, by name."""
    rows = session.execute(
        select(Group.name, Group.id).where(Group.workspace_id == workspace_id, Group.name.in_(names))
    )
    return {row.name: row.id for row in rows}


def find_workspace(session: Session, *, name_or_id: str) -> WorkspaceRow:
    """Return the workspace with this name, or with this id as it is shown.

    Raises:
        NoSuchWorkspace: there is none.
    """
    workspace = session.scalar(select(Workspace).where(Workspace.name == name_or_id.strip()))
    if workspace is None:
        try:
            workspace = session.get(Workspace, parse("workspace", name_or_id))
        except NoSuchId:
            workspace = None
    if workspace is None:
        raise NoSuchWorkspace(f"There is no workspace {name_or_id!r}.")
    return WorkspaceRow(workspace.id, workspace.name)


def get_person(session: Session, *, person_id: UUID) -> PersonRow:
    """Return a person's account, whatever the workspace: for the person, not for colleagues.

    Raises:
        NoSuchPerson: there is none.
    """
    person = session.get(Person, person_id, populate_existing=True)
    if person is None:
        raise NoSuchPerson
    return _person_row(person)


def desk_keys_of(session: Session, *, person_id: UUID) -> Mapping[str, str]:
    """Return the keys of the desk that a person chose, by what they do; those that she did not choose are not there."""
    return session.scalar(select(Person.desk_keys).where(Person.id == person_id)) or {}


def find_person_by_email(session: Session, *, email: str) -> PersonRow | None:
    """Return the account with this e-mail address, in any spelling of its case, or None."""
    try:
        normal = check_email(email)
    except BadEmail:
        return None
    person = session.scalar(select(Person).where(Person.email == normal).execution_options(populate_existing=True))
    return None if person is None else _person_row(person)


def get_membership(session: Session, *, workspace_id: UUID, person_id: UUID) -> MembershipRow:
    """Return a person as a member of this workspace: roles, skills, queues.

    Raises:
        NoSuchPerson: nobody with this id belongs to it.
    """
    pair = session.execute(_members(workspace_id).where(Person.id == person_id)).one_or_none()
    if pair is None:
        raise NoSuchPerson
    return _membership_row(pair)


def list_people(
    session: Session, *, workspace_id: UUID, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[MembershipRow]:
    """Return a page of a workspace's people, the longest there first.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    place = tuple_(Membership.created_at, Membership.person_id)
    wanted = _members(workspace_id).order_by(Membership.created_at, Membership.person_id).limit(limit + 1)
    if cursor is not None:
        wanted = wanted.where(place > read_cursor(cursor))
    rows = [_membership_row(pair) for pair in session.execute(wanted)]
    more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].person.id) if len(rows) > limit else None
    return Page(rows[:limit], more)


def list_members(session: Session, *, workspace_id: UUID, limit: int) -> list[MembershipRow]:
    """Return up to `limit` people of a workspace, by name."""
    wanted = _members(workspace_id).order_by(Person.name, Person.id).limit(limit)
    return [_membership_row(row) for row in session.execute(wanted)]


def list_terms(session: Session, *, workspace_id: UUID, person_id: UUID) -> list[Terms]:
    """Return a member's roles and vendor from time to time, in order."""
    hers = MembershipTerms.workspace_id == workspace_id, MembershipTerms.person_id == person_id
    rows = session.scalars(select(MembershipTerms).where(*hers).order_by(MembershipTerms.since, MembershipTerms.id))
    return [Terms(frozenset(row.roles), row.vendor, row.since) for row in rows]


def list_vendors(session: Session, *, workspace_id: UUID) -> list[str]:
    """Return the vendors that send somebody, in no order."""
    named = Membership.workspace_id == workspace_id, Membership.vendor.is_not(None)
    return [name for name in session.scalars(select(Membership.vendor).where(*named).distinct()) if name is not None]


def list_groups(session: Session, *, workspace_id: UUID) -> list[Group]:
    """Return the groups of a workspace, by name."""
    return list(session.scalars(select(Group).where(Group.workspace_id == workspace_id).order_by(Group.name)))


def list_group_members(session: Session, *, group_id: UUID) -> list[UUID]:
    """Return who is in a group."""
    members = select(GroupMember.person_id).where(GroupMember.group_id == group_id).order_by(GroupMember.person_id)
    return list(session.scalars(members))


def list_leads(session: Session, *, workspace_id: UUID) -> list[UUID]:
    """Return the people of a workspace who may take what only leads get, and who are not disabled."""
    return list(session.scalars(select(Membership.person_id).join(Person).where(*_with_role(workspace_id, ["lead"]))))


def count_reviewers(session: Session, *, workspace_id: UUID) -> int:
    """Return how many people of a workspace may review and are not disabled."""
    roles = [role for role in ROLES if "review" in permissions_of_roles([role])]
    counted = select(func.count()).select_from(Membership).join(Person).where(*_with_role(workspace_id, roles))
    return session.scalar(counted) or 0


def _with_role(workspace_id: UUID, roles: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    return Membership.workspace_id == workspace_id, Membership.roles.overlap(roles), Person.disabled_at.is_(None)


# One row a person, her groups with it, so that knowing what somebody may work stays one statement.
_GROUPS: Final = (
    select(
        func.jsonb_agg(
            func.jsonb_build_object("id", Group.id, "name", Group.name, "skills", Group.skills, "queues", Group.queues)
        )
    )
    .join(GroupMember, GroupMember.group_id == Group.id)
    .where(GroupMember.person_id == Membership.person_id, Group.workspace_id == Membership.workspace_id)
    .correlate(Membership)
    .scalar_subquery()
)


def _members(workspace_id: UUID) -> Select[Membership, Person, Any]:
    return (
        select(Membership, Person, _GROUPS)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.workspace_id == workspace_id)
        # Services write past the session's cache, so a cached row may be old.
        .execution_options(populate_existing=True)
    )


def _membership_row(found: Row[Membership, Person, Any]) -> MembershipRow:
    member, person, groups = found
    return MembershipRow(
        member.workspace_id,
        _person_row(person),
        tuple(member.roles),
        tuple(member.skills),
        tuple(member.queues),
        member.capacity,
        member.vendor,
        tuple(GroupRow(UUID(g["id"]), g["name"], tuple(g["skills"]), tuple(g["queues"])) for g in groups or ()),
        member.created_at,
    )


def _person_row(person: Person) -> PersonRow:
    return PersonRow(
        person.id, person.email, person.name, person.password_hash is not None, person.disabled_at, person.created_at
    )


def needs_second_publisher(session: Session, *, workspace_id: UUID) -> bool:
    """Say whether this workspace wants another person than the author to publish a policy."""
    return bool(session.scalar(select(Workspace.second_publisher).where(Workspace.id == workspace_id)))
