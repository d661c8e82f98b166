"""API keys: how programs get in.

A key is shown once, as `pd_<prefix>_<secret>`. The prefix is public and finds the row; of the 256-bit secret only the
SHA-256 is kept. A key lives in one workspace, carries scopes, may expire, and may act for one person.
Called by the command line and the admin API; `open_by_key` by the edge at every request of a program.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import ApiKey
from app.identity.queries import NoSuchPerson, get_membership
from app.identity.rules import (
    SEEN_GRAIN,
    Principal,
    check_name,
    check_scopes,
    permissions_of_key,
    permissions_of_roles,
)
from app.identity.service.accounts import hold_account
from app.kernel.errors import Fault, Invalid, NotFound, Unauthenticated
from app.kernel.ids import new_id

_SHAPE: Final = re.compile(r"pd_([0-9a-f]{16})_([A-Za-z0-9_-]{43})")


class BadKey(Unauthenticated):
    """This API key is unknown, revoked or expired."""


class NoSuchKey(NotFound):
    """There is no such key in this workspace."""


class NotAMember(Invalid):
    """The person of a key must belong to its workspace."""


class CannotReview(Invalid):
    """Review calls act for a person whose roles allow it."""


class AlreadyExpired(Invalid):
    """A key must expire later than now."""


@dataclass(frozen=True)
class NewKey:
    """A key just made; `text` is shown once and kept nowhere."""

    key_id: UUID
    prefix: str
    text: str


def create_key(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    scopes: Iterable[str],
    name: str = "key",
    person_id: UUID | None = None,
    expires_at: datetime | None = None,
) -> NewKey:
    """Make a key.

    Args:
        person_id: Whom review calls act for; needed for the scope `review`.
        expires_at: When it stops working; None means never.

    Raises:
        BadScopes, BadName, AlreadyExpired: the input breaks a rule.
        NotAMember: the person does not belong to the workspace.
        PersonDisabled: the person is disabled.
        CannotReview: scope `review` without a person whose roles allow it.
    """
    checked = check_scopes(scopes)
    if expires_at is not None and expires_at <= now:
        raise AlreadyExpired(faults=[Fault("/expires_at", "lies in the past")])
    roles = _roles_of(session, workspace_id=workspace_id, person_id=person_id)
    if "review" in checked and "review" not in permissions_of_roles(roles):
        raise CannotReview(faults=[Fault("/person", "scope review needs a reviewer or lead")])
    prefix, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    made = NewKey(new_id(), prefix, f"pd_{prefix}_{secret}")
    session.execute(
        insert(ApiKey).values(
            id=made.key_id,
            workspace_id=workspace_id,
            name=check_name(name),
            prefix=prefix,
            secret_sha256=_digest(secret),
            scopes=checked,
            person_id=person_id,
            created_at=now,
            expires_at=expires_at,
        )
    )
    _record(session, now=now, actor=actor, workspace_id=workspace_id, key_id=made.key_id, type="key.created")
    return made


# One round trip a request: who asks, what she may do, and the time that the request then goes by.
_FIND: Final = text("""
SELECT k.id, k.workspace_id, k.secret_sha256, k.scopes, k.person_id, k.revoked_at, k.last_used_at, m.roles, moment.at,
       k.expires_at <= moment.at AS expired
  FROM (SELECT COALESCE(CAST(:now AS timestamptz), clock_timestamp()) AS at OFFSET 0) AS moment
  CROSS JOIN api_keys AS k
  LEFT JOIN people AS p ON p.id = k.person_id
  LEFT JOIN memberships AS m ON m.person_id = k.person_id AND m.workspace_id = k.workspace_id
 WHERE k.prefix = :prefix AND p.disabled_at IS NULL
""")


@dataclass(frozen=True)
class Opened:
    """Who came in by a key, and when, by the database's clock."""

    principal: Principal
    at: datetime


def open_by_key(session: Session, *, text: str, now: datetime | None = None) -> Opened:
    """Return who asks with this key, and note its use to the minute.

    Args:
        now: None for the database's own clock, read in the same statement.

    Raises:
        BadKey: it is unknown, revoked or expired, or its person is disabled.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        raise BadKey
    key = session.execute(_FIND, {"now": now, "prefix": shape[1]}).one_or_none()
    if key is None:
        raise BadKey
    orphan = key.person_id is not None and key.roles is None
    if not hmac.compare_digest(key.secret_sha256, _digest(shape[2])) or key.revoked_at or key.expired or orphan:
        raise BadKey
    at: datetime = key.at.astimezone(UTC)
    if key.last_used_at is None or key.last_used_at <= at - SEEN_GRAIN:
        _touch(session, now=at, key_id=key.id)
    roles = key.roles or ()
    principal = Principal(
        actor=Actor("key", key.id),
        workspace_id=key.workspace_id,
        person_id=key.person_id,
        roles=frozenset(roles),
        scopes=permissions_of_key(key.scopes, roles),
    )
    return Opened(principal, at)


def find_key(session: Session, *, now: datetime, text: str) -> Principal:
    """Return who asks with this key at a given time.

    Raises:
        BadKey: it is unknown, revoked or expired, or its person is disabled.
    """
    return open_by_key(session, text=text, now=now).principal


def revoke_key(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, key_id: UUID) -> bool:
    """Make a key useless from now on.

    Returns:
        Whether it still worked; revoking twice is no error.

    Raises:
        NoSuchKey: the workspace has no such key.
    """
    known = select(ApiKey.id).where(ApiKey.id == key_id, ApiKey.workspace_id == workspace_id)
    if session.scalar(known) is None:
        raise NoSuchKey
    revoked = session.scalar(
        update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
    )
    if revoked is None:
        return False
    _record(session, now=now, actor=actor, workspace_id=workspace_id, key_id=key_id, type="key.revoked")
    return True


def revoke_keys_of(session: Session, *, now: datetime, actor: Actor, person_id: UUID) -> None:
    """Revoke every key that acts for a person, in every workspace."""
    revoked = session.execute(
        update(ApiKey)
        .where(ApiKey.person_id == person_id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id, ApiKey.workspace_id)
    ).all()
    for key_id, workspace_id in revoked:
        _record(session, now=now, actor=actor, workspace_id=workspace_id, key_id=key_id, type="key.revoked")


def _roles_of(session: Session, *, workspace_id: UUID, person_id: UUID | None) -> tuple[str, ...]:
    if person_id is None:
        return ()
    try:
        # Held, so that disabling the person waits and then revokes the new key too.
        hold_account(session, person_id=person_id)
        return get_membership(session, workspace_id=workspace_id, person_id=person_id).roles
    except NoSuchPerson as error:
        raise NotAMember(faults=[Fault("/person", "does not belong to this workspace")]) from error


def _touch(session: Session, *, now: datetime, key_id: UUID) -> None:
    # Requests of one key arrive together: one of them notes it, the others do not wait.
    free = select(ApiKey.id).where(ApiKey.id == key_id).with_for_update(skip_locked=True, key_share=True)
    session.execute(
        update(ApiKey).where(ApiKey.id == free.scalar_subquery()).values(last_used_at=now),
        execution_options={"synchronize_session": False},
    )


def _record(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    key_id: UUID,
    type: str,  # noqa: A002  # the word that the trail and its readers use
) -> None:
    record(session, now=now, actor=actor, workspace_id=workspace_id, type=type, subject_kind="key", subject_id=key_id)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
