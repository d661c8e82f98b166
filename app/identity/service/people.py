"""Make people, give them a place in a workspace, and take every way in from those who leave.

One e-mail address is one person; in a second workspace the same person gets a second membership and keeps her name
and password. Disabling acts on the whole account. Called by the command line, the admin API and the review flow.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import Membership, MembershipTerms, Person
from app.identity.rules import check_email, check_name, check_names, check_roles
from app.identity.service.accounts import hold_account, hold_account_alone, record_about_person
from app.identity.service.keys import revoke_keys_of
from app.identity.service.links import spend_links_of
from app.identity.service.sessions import revoke_sessions_of
from app.kernel.errors import Conflict
from app.kernel.ids import new_id


class AlreadyMember(Conflict):
    """This person belongs to the workspace already."""


def create_person(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    email: str,
    roles: Iterable[str],
    name: str | None = None,
    skills: Iterable[str] = (),
    queues: Iterable[str] = (),
    vendor: str | None = None,
) -> UUID:
    """Give somebody a place in a workspace, making the account if there is none, and return the person's id.

    Args:
        name: For a new account; without one the part of the e-mail before the at sign. An existing name stays.
        queues: Names of the queues that the person may work; none means every queue.
        vendor: The company that sends her; None is one of our own.

    Raises:
        BadEmail, BadName, BadRoles: the input breaks a rule.
        AlreadyMember: the person belongs to the workspace.
        PersonDisabled: the account exists and is disabled.
    """
    address, checked_roles = check_email(email), check_roles(roles)
    person_id = _find_or_add(session, now=now, email=address, name=check_name(name or address.partition("@")[0]))
    place = {
        "roles": checked_roles,
        "skills": check_names(skills, pointer="/skills"),
        "queues": check_names(queues, pointer="/queues"),
        "vendor": None if vendor is None else check_name(vendor, pointer="/vendor"),
    }
    _join(session, now, workspace_id, person_id, place)
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="person.joined",
        subject_kind="person",
        subject_id=person_id,
        details={"roles": checked_roles},
    )
    return person_id


def _join(session: Session, now: datetime, workspace_id: UUID, person_id: UUID, place: dict[str, Any]) -> None:
    """Make a membership and its first terms. Nobody can have worked before she joined, so prices need no lock."""
    whose = {"workspace_id": workspace_id, "person_id": person_id}
    joined = session.scalar(
        insert(Membership)
        .values(**whose, **place, created_at=now)
        .on_conflict_do_nothing()
        .returning(Membership.person_id)
    )
    if joined is None:
        raise AlreadyMember
    terms = {"roles": place["roles"], "vendor": place["vendor"], "since": now}
    session.execute(insert(MembershipTerms).values(id=new_id(), **whose, **terms))


def disable_person(session: Session, *, now: datetime, actor: Actor, person_id: UUID) -> bool:
    """Disable an account everywhere: end its sessions, revoke the keys bound to it, use up its links.

    Claims are released by the review flow, which calls this. It reaches across workspaces, so a door that serves
    the admin of a single one must not offer it for people who also belong to another.

    Returns:
        Whether anything changed; disabling twice is no error.

    Raises:
        NoSuchPerson: there is none.
    """
    if hold_account_alone(session, person_id=person_id).disabled_at is not None:
        return False
    session.execute(update(Person).where(Person.id == person_id).values(disabled_at=now))
    revoke_sessions_of(session, now=now, actor=actor, person_id=person_id)
    revoke_keys_of(session, now=now, actor=actor, person_id=person_id)
    spend_links_of(session, now=now, person_id=person_id)
    record_about_person(session, now=now, actor=actor, person_id=person_id, type="person.disabled")
    return True


def _find_or_add(session: Session, *, now: datetime, email: str, name: str) -> UUID:
    added: UUID | None = session.scalar(
        insert(Person)
        .values(id=new_id(), email=email, name=name, created_at=now)
        .on_conflict_do_nothing(index_elements=[Person.email])
        .returning(Person.id)
    )
    if added is not None:
        return added
    # Somebody has this address. Rows of a concurrent maker are visible by now, because the insert waited for them.
    person_id = session.execute(select(Person.id).where(Person.email == email)).scalar_one()
    hold_account(session, person_id=person_id)
    return person_id
