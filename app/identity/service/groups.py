"""Groups: people who share skills and queues. Called by the groups API and the access pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import Group, GroupMember, Membership
from app.identity.rules import check_name, check_names
from app.kernel.errors import Conflict, Fault, Invalid, NotFound
from app.kernel.ids import new_id


class NoSuchGroup(NotFound):
    """There is no such group in this workspace."""


class GroupExists(Conflict):
    """There is a group of this name already."""


class NotMembers(Invalid):
    """Only people of this workspace can be in its groups."""


@dataclass(frozen=True)
class GroupTerms:
    """What a group gives its members, and who they are."""

    name: str
    skills: tuple[str, ...] = ()
    queues: tuple[str, ...] = ()
    members: tuple[UUID, ...] = ()


def create_group(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, terms: GroupTerms) -> Group:
    """Make a group.

    Raises:
        BadName: the name, a skill or a queue breaks a rule.
        GroupExists: the name is taken.
        NotMembers: somebody does not belong to the workspace; the faults say who.
    """
    name, skills, queues = _checked(terms)
    made = session.scalar(
        insert(Group)
        .values(id=new_id(), workspace_id=workspace_id, created_at=now, name=name, skills=skills, queues=queues)
        .on_conflict_do_nothing(index_elements=["workspace_id", "name"])
        .returning(Group.id)
    )
    if made is None:
        raise GroupExists
    _set_members(session, workspace_id, made, terms.members)
    made_row = session.get_one(Group, made, populate_existing=True)
    _record(session, now, actor, made_row, "group.created", terms)
    return made_row


def change_group(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, group_id: UUID, terms: GroupTerms
) -> Group:
    """Put these terms in the place of a group's old ones.

    Raises:
        NoSuchGroup: also when it is another workspace's.
        BadName, GroupExists, NotMembers: as in making one.
    """
    group = get_group(session, workspace_id=workspace_id, group_id=group_id, lock=True)
    name, skills, queues = _checked(terms)
    twin = select(Group.id).where(Group.workspace_id == workspace_id, Group.name == name)
    if session.scalar(twin.where(Group.id != group_id)) is not None:
        raise GroupExists
    group.name, group.skills, group.queues = name, skills, queues
    session.flush()
    _set_members(session, workspace_id, group_id, terms.members)
    _record(session, now, actor, group, "group.changed", terms)
    return group


def delete_group(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, group_id: UUID) -> None:
    """Take a group away. Items that name it as a candidate or keep it out go on naming it, which then means nobody.

    Raises:
        NoSuchGroup: also when it is another workspace's.
    """
    group = get_group(session, workspace_id=workspace_id, group_id=group_id, lock=True)
    session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    session.delete(group)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="group.deleted",
        subject_kind="group",
        subject_id=group_id,
    )


def get_group(session: Session, *, workspace_id: UUID, group_id: UUID, lock: bool = False) -> Group:
    """Return a group of this workspace, locked if asked for.

    Raises:
        NoSuchGroup: also when it is another workspace's.
    """
    wanted = select(Group).where(Group.id == group_id, Group.workspace_id == workspace_id)
    found = session.scalar(wanted.with_for_update() if lock else wanted)
    if found is None:
        raise NoSuchGroup
    return found


def _checked(terms: GroupTerms) -> tuple[str, list[str], list[str]]:
    return (
        check_name(terms.name),
        check_names(terms.skills, pointer="/skills"),
        check_names(terms.queues, pointer="/queues"),
    )


def _set_members(session: Session, workspace_id: UUID, group_id: UUID, members: Iterable[UUID]) -> None:
    wanted = list(dict.fromkeys(members))
    known = set(
        session.scalars(
            select(Membership.person_id).where(
                Membership.workspace_id == workspace_id, Membership.person_id.in_(wanted)
            )
        )
    )
    faults = [Fault(f"/members/{n}", "is nobody of this workspace") for n, m in enumerate(wanted) if m not in known]
    if faults:
        raise NotMembers(faults=faults)
    session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
    if wanted:
        session.execute(insert(GroupMember), [{"group_id": group_id, "person_id": member} for member in wanted])


def _record(  # noqa: PLR0917  # what every change has, in the order of `record`
    session: Session, now: datetime, actor: Actor, group: Group, kind: str, terms: GroupTerms
) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=group.workspace_id,
        type=kind,
        subject_kind="group",
        subject_id=group.id,
        details={"name": group.name, "members": len(terms.members)},
    )
