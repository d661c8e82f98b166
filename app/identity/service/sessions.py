"""Sessions: one signed-in browser each, kept in a table so that it can be ended whatever cookie somebody saved.

The cookie carries 256 random bits of which only the SHA-256 is kept. A session ends by logout, after 12 hours without
a request, after 24 hours in any case, when its person is disabled and when another session changes the password.
Roles are read at each request. Called by the edge (find, touch), the sign-in pages and the account page.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import Membership, UserSession
from app.identity.rules import (
    SEEN_GRAIN,
    SESSION_IDLE,
    SESSION_LIFE,
    Principal,
    permissions_of_roles,
    plain_agent,
)
from app.kernel.errors import Forbidden, NotFound
from app.kernel.ids import new_id, show


class NoWorkspace(Forbidden):
    """This person belongs to no workspace."""


class NoSuchSession(NotFound):
    """This person has no such session."""


@dataclass(frozen=True)
class NewSession:
    """A session just started; `token` is shown to the browser and kept nowhere."""

    session_id: UUID
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class SignedIn:
    """Who a session belongs to, as every page needs it.

    `at` is when it was looked up, by the database's clock; `seen_lately`: its last use is noted to the minute.
    """

    session_id: UUID
    principal: Principal
    email: str
    name: str
    has_password: bool
    at: datetime
    seen_lately: bool


def start_session(session: Session, *, now: datetime, person_id: UUID, agent: str) -> NewSession:
    """Start a session for somebody who just proved who she is, in the same unit of work.

    The workspace is the one that the person joined first.

    Args:
        agent: How the browser describes itself; shown to its owner.

    Raises:
        NoWorkspace: the person belongs to none.
    """
    workspace_id = session.scalar(
        select(Membership.workspace_id)
        .where(Membership.person_id == person_id)
        .order_by(Membership.created_at, Membership.workspace_id)
        .limit(1)
    )
    if workspace_id is None:
        raise NoWorkspace
    started = NewSession(new_id(), secrets.token_urlsafe(32), now + SESSION_LIFE)
    session.execute(
        insert(UserSession).values(
            id=started.session_id,
            token_sha256=_digest(started.token),
            person_id=person_id,
            workspace_id=workspace_id,
            created_at=now,
            last_seen_at=now,
            expires_at=started.expires_at,
            agent=plain_agent(agent),
        )
    )
    record(
        session,
        now=now,
        actor=Actor("person", person_id),
        workspace_id=workspace_id,
        type="session.started",
        subject_kind="session",
        subject_id=started.session_id,
    )
    return started


_FIND: Final = text("""
SELECT s.id AS session_id, s.workspace_id, s.last_seen_at, m.roles, p.id AS person_id, p.email, p.name,
       p.password_hash IS NOT NULL AS has_password, moment.at
  FROM (SELECT COALESCE(CAST(:now AS timestamptz), clock_timestamp()) AS at OFFSET 0) AS moment
  CROSS JOIN user_sessions AS s
  JOIN people AS p ON p.id = s.person_id
  JOIN memberships AS m ON m.person_id = s.person_id AND m.workspace_id = s.workspace_id
 WHERE s.token_sha256 = :token AND s.revoked_at IS NULL AND s.expires_at > moment.at
   AND s.last_seen_at > moment.at - CAST(:idle AS interval) AND p.disabled_at IS NULL
""")


def find_session(session: Session, *, token: str, now: datetime | None = None) -> SignedIn | None:
    """Return who is signed in by this token, or None when it opens nothing (any more). Changes nothing.

    Args:
        now: None for the database's own clock, read in the same statement.
    """
    row = session.execute(_FIND, {"now": now, "token": _digest(token), "idle": SESSION_IDLE}).one_or_none()
    if row is None:
        return None
    principal = Principal(
        actor=Actor("person", row.person_id),
        workspace_id=row.workspace_id,
        person_id=row.person_id,
        roles=frozenset(row.roles),
        scopes=permissions_of_roles(row.roles),
    )
    at = row.at.astimezone(UTC)
    return SignedIn(
        row.session_id,
        principal,
        row.email,
        row.name,
        row.has_password,
        at=at,
        seen_lately=row.last_seen_at > at - SEEN_GRAIN,
    )


def touch_session(session: Session, *, now: datetime, session_id: UUID) -> None:
    """Note that a session was used, at most once a minute; never waits for a request that notes the same."""
    due = (
        select(UserSession.id)
        .where(UserSession.id == session_id, UserSession.last_seen_at <= now - SEEN_GRAIN)
        .with_for_update(skip_locked=True, key_share=True)
    )
    session.execute(
        update(UserSession).where(UserSession.id == due.scalar_subquery()).values(last_seen_at=now),
        execution_options={"synchronize_session": False},
    )


def revoke_session(session: Session, *, now: datetime, actor: Actor, person_id: UUID, session_id: UUID) -> bool:
    """End one session of this person: a logout, or another browser seen in the list.

    Returns:
        Whether it was still open; ending it twice is no error.

    Raises:
        NoSuchSession: the person never had it.
    """
    own = select(UserSession.id).where(UserSession.id == session_id, UserSession.person_id == person_id)
    if session.scalar(own) is None:
        raise NoSuchSession
    return _revoke(session, now=now, actor=actor, person_id=person_id, only=session_id) > 0


def revoke_sessions_of(
    session: Session, *, now: datetime, actor: Actor, person_id: UUID, keep: UUID | None = None
) -> int:
    """End every session of a person but `keep`, and return how many were open."""
    return _revoke(session, now=now, actor=actor, person_id=person_id, keep=keep)


def session_started_at(session: Session, *, person_id: UUID, session_id: UUID) -> datetime | None:
    """Return when an open session of this person began, None when there is no such session."""
    return session.scalar(
        select(UserSession.created_at).where(
            UserSession.id == session_id, UserSession.person_id == person_id, UserSession.revoked_at.is_(None)
        )
    )


def _revoke(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    person_id: UUID,
    only: UUID | None = None,
    keep: UUID | None = None,
) -> int:
    wanted = update(UserSession).where(UserSession.person_id == person_id, UserSession.revoked_at.is_(None))
    if only is not None:
        wanted = wanted.where(UserSession.id == only)
    if keep is not None:
        wanted = wanted.where(UserSession.id != keep)
    ended = session.execute(wanted.values(revoked_at=now).returning(UserSession.id, UserSession.workspace_id)).all()
    for session_id, workspace_id in ended:
        record(
            session,
            now=now,
            actor=actor,
            workspace_id=workspace_id,
            type="session.revoked",
            subject_kind="session",
            subject_id=session_id,
            details={"person": show("person", person_id)},
        )
    return len(ended)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
