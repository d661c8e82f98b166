"""Change what a person may do in a workspace: roles, skills, queues, and how much she may have in hand; and her vendor.

Called by the people API and the access pages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import Membership, MembershipTerms, Person
from app.identity.queries import NoSuchPerson
from app.identity.rules import check_name, check_names, check_roles, prices_lock
from app.kernel.clock import read_now
from app.kernel.db import lock_name
from app.kernel.errors import Conflict, Fault, Invalid
from app.kernel.ids import new_id

MAX_CAPACITY = 100


class LastAdmin(Conflict):
    """A workspace needs at least one person who administers it."""


class BadCapacity(Invalid):
    """A capacity is a number from 1 to 100, or none for no limit."""


@dataclass(frozen=True)
class AccessChange:
    """What is to be changed; None leaves a thing as it is.

    `unlimited` takes the capacity away, `own` the vendor: she is one of our own.
    """

    roles: Iterable[str] | None = None
    skills: Iterable[str] | None = None
    queues: Iterable[str] | None = None
    capacity: int | None = None
    unlimited: bool = False
    vendor: str | None = None
    own: bool = False


def change_access(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, change: AccessChange
) -> None:
    """Change a person's access; it counts from the next request on. What she has in hand stays hers.

    Raises:
        NoSuchPerson: she does not belong to the workspace.
        BadRoles, BadName, BadCapacity: a value breaks a rule.
        LastAdmin: nobody else administers the workspace.
    """
    member = _lock_member(session, workspace_id, person_id, with_admins=change.roles is not None)
    changed: dict[str, Any] = {}
    if change.roles is not None:
        changed["roles"] = check_roles(change.roles)
        _keep_an_admin(session, member, changed["roles"])
    if change.skills is not None:
        changed["skills"] = check_names(change.skills, pointer="/skills")
    if change.queues is not None:
        changed["queues"] = check_names(change.queues, pointer="/queues")
    if change.capacity is not None or change.unlimited:
        changed["capacity"] = _checked_capacity(change.capacity)
    if change.vendor is not None or change.own:
        changed["vendor"] = None if change.vendor is None else check_name(change.vendor, pointer="/vendor")
    before = member.roles, member.vendor
    for field, value in changed.items():
        setattr(member, field, value)
    session.flush()
    if (member.roles, member.vendor) != before:
        _note_terms(session, member)
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="person.access_changed",
        subject_kind="person",
        subject_id=person_id,
        details=changed,
    )


def _note_terms(session: Session, member: Membership) -> None:
    """Keep a member's roles and vendor as they are from now on. The clock is read under the lock on prices."""
    lock_name(session, prices_lock(member.workspace_id))
    session.add(
        MembershipTerms(
            id=new_id(),
            workspace_id=member.workspace_id,
            person_id=member.person_id,
            roles=member.roles,
            vendor=member.vendor,
            since=read_now(session),
        )
    )
    session.flush()


def _lock_member(session: Session, workspace_id: UUID, person_id: UUID, *, with_admins: bool) -> Membership:
    """Lock a membership; with those of all who administer, in one order, so that two cannot strip each other."""
    wanted = select(Membership).where(Membership.workspace_id == workspace_id)
    this = Membership.person_id == person_id
    these = this | Membership.roles.contains(["admin"]) if with_admins else this
    locked = session.scalars(
        wanted.where(these).order_by(Membership.person_id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    ).all()
    member = next((one for one in locked if one.person_id == person_id), None)
    if member is None:
        raise NoSuchPerson
    return member


def _checked_capacity(capacity: int | None) -> int | None:
    if capacity is not None and not 1 <= capacity <= MAX_CAPACITY:
        raise BadCapacity(faults=[Fault("/capacity", f"takes a number from 1 to {MAX_CAPACITY}, or null")])
    return capacity


def _keep_an_admin(session: Session, member: Membership, roles: list[str]) -> None:
    if "admin" in roles or "admin" not in member.roles:
        return
    others = (
        select(func.count())
        .select_from(Membership)
        .join(Person, Person.id == Membership.person_id)
        .where(
            Membership.workspace_id == member.workspace_id,
            Membership.person_id != member.person_id,
            Membership.roles.contains(["admin"]),
            Person.disabled_at.is_(None),
        )
    )
    if not session.scalar(others):
        raise LastAdmin
