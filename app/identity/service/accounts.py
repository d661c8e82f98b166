"""The account behind a person: held still while a way in is given or taken, and spoken of in the trail.

Sign-in and link share a lock that disabling and a change of password take alone: whoever comes second sees what the
first has done, so no session slips past. The person is locked before her sessions, keys and links.
Called by the other services of identity only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import Membership, Person
from app.identity.queries import NoSuchPerson
from app.kernel.errors import Conflict


class PersonDisabled(Conflict):
    """This person is disabled."""


class Account(NamedTuple):
    """What a locked account holds."""

    email: str
    name: str
    password_hash: str | None
    disabled_at: datetime | None


def hold_account(session: Session, *, person_id: UUID) -> Account:
    """Return an account and keep others from changing it until the end of the transaction; several may hold it.

    Raises:
        NoSuchPerson: there is none.
        PersonDisabled: nobody may sign in as this person.
    """
    account = _read(session, person_id, shared=True)
    if account.disabled_at is not None:
        raise PersonDisabled
    return account


def hold_account_alone(session: Session, *, person_id: UUID) -> Account:
    """Return an account in order to change it, disabled or not; everybody else who holds it has finished.

    Raises:
        NoSuchPerson: there is none.
    """
    return _read(session, person_id, shared=False)


def _read(session: Session, person_id: UUID, *, shared: bool) -> Account:
    # FOR SHARE, or FOR NO KEY UPDATE: the latter lets rows that merely name the person be written meanwhile.
    row = session.execute(
        select(Person.email, Person.name, Person.password_hash, Person.disabled_at)
        .where(Person.id == person_id)
        .with_for_update(read=shared, key_share=not shared)
    ).one_or_none()
    if row is None:
        raise NoSuchPerson
    return Account(*row)


def record_about_person(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    person_id: UUID,
    type: str,  # noqa: A002  # the word that the trail and its readers use
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one event to the trail of each workspace of a person; of none, to the installation's own.

    An account may serve several tenants; no tenant's auditor should miss that somebody was disabled.
    """
    workspaces = session.scalars(
        select(Membership.workspace_id).where(Membership.person_id == person_id).order_by(Membership.workspace_id)
    ).all()
    trails: Sequence[UUID | None] = workspaces or (None,)
    for workspace_id in trails:
        record(
            session,
            now=now,
            actor=actor,
            workspace_id=workspace_id,
            type=type,
            subject_kind="person",
            subject_id=person_id,
            details=details,
        )
