"""Passwords: sign in with one, set one.

Kept as argon2id (RFC 9106) of the exact bytes typed. An unknown address costs the same work as a wrong password. A
failed try must be counted although the request answers an error, and a raised error would roll the count back: so a
failure is a returned `Refused`, never an exception. Called by the sign-in page and the account page.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Final
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.models import Person
from app.identity.queries import find_person_by_email
from app.identity.rules import LINK_TRUST, check_password, normal_email
from app.identity.service.accounts import (
    Account,
    PersonDisabled,
    hold_account,
    hold_account_alone,
    record_about_person,
)
from app.identity.service.attempts import admit_attempt, count_attempt
from app.identity.service.links import spend_links_of, was_link_used_at
from app.identity.service.sessions import revoke_sessions_of, session_started_at

# The library's defaults: RFC 9106's second recommended option (64 MiB, three passes, four lanes).
_HASHER: Final = PasswordHasher()


@dataclass(frozen=True)
class SignIn:
    """The password was right; a session may be started for this person in the same unit of work."""

    person_id: UUID


@dataclass(frozen=True)
class PasswordSet:
    """The password is set; every other session of the person has ended."""


@dataclass(frozen=True)
class Refused:
    """The address or the password was wrong; which of them is not said."""


def sign_in_with_password(
    session: Session, *, now: datetime, email: str, password: str, address: str
) -> SignIn | Refused:
    """Check a password and count the try.

    Args:
        address: The network address that the request came from.

    Raises:
        TooManyAttempts: too many failures for this account or address.
    """
    name_of_account = normal_email(email)
    admit_attempt(session, now=now, account=name_of_account, address=address)
    person = find_person_by_email(session, email=email)
    account = None if person is None else _active(session, person.id)
    right = _matches(account.password_hash if account else None, password)
    count_attempt(session, now=now, account=name_of_account, address=address, succeeded=right)
    if not right or person is None or account is None or account.password_hash is None:
        return Refused()
    if _HASHER.check_needs_rehash(account.password_hash):
        session.execute(update(Person).where(Person.id == person.id).values(password_hash=_hash(password)))
    return SignIn(person.id)


def set_password(
    session: Session,
    *,
    now: datetime,
    person_id: UUID,
    session_id: UUID,
    new_password: str,
    old_password: str | None,
    address: str,
) -> PasswordSet | Refused:
    """Set the password of the signed-in person; her other sessions and her links end.

    Args:
        session_id: The session that asks; it goes on.
        old_password: Needed when there is one, except in a session that a sign-in link opened in the last 15 minutes.
        address: The network address that the request came from.

    Raises:
        WeakPassword: the new one is too short, too long or easy to guess.
        TooManyAttempts: too many failures for this account or address.
        NoSuchPerson, PersonDisabled: there is nobody to set it for.
    """
    account = hold_account_alone(session, person_id=person_id)
    if account.disabled_at is not None:
        raise PersonDisabled
    check_password(new_password, email=account.email, name=account.name)
    if account.password_hash is not None and not _came_by_link(session, now, person_id, session_id):
        admit_attempt(session, now=now, account=account.email, address=address)
        right = _matches(account.password_hash, old_password or "")
        count_attempt(session, now=now, account=account.email, address=address, succeeded=right)
        if not right:
            return Refused()
    session.execute(update(Person).where(Person.id == person_id).values(password_hash=_hash(new_password)))
    actor = Actor("person", person_id)
    revoke_sessions_of(session, now=now, actor=actor, person_id=person_id, keep=session_id)
    spend_links_of(session, now=now, person_id=person_id)
    record_about_person(session, now=now, actor=actor, person_id=person_id, type="password.set")
    return PasswordSet()


def _active(session: Session, person_id: UUID) -> Account | None:
    try:
        return hold_account(session, person_id=person_id)
    except PersonDisabled:
        return None


def _came_by_link(session: Session, now: datetime, person_id: UUID, session_id: UUID) -> bool:
    started_at = session_started_at(session, person_id=person_id, session_id=session_id)
    if started_at is None or now - started_at > LINK_TRUST:
        return False
    return was_link_used_at(session, person_id=person_id, at=started_at)


def _hash(password: str) -> str:
    return _HASHER.hash(_exact(password))


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        _HASHER.verify(password_hash or _nobodys_hash(), _exact(password))
    except VerifyMismatchError:
        return False
    return password_hash is not None


@cache
def _nobodys_hash() -> str:
    """Return a hash to compare with when there is none, so that the work is the same."""
    return _HASHER.hash(b"a password that nobody has")


def _exact(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
