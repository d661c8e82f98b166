"""Read keys and sessions, never a secret or a hash. Called through app/identity/queries."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from app.identity.models import ApiKey, UserSession
from app.identity.rules import SESSION_IDLE
from app.kernel.paging import DEFAULT_LIMIT, Page, read_cursor, write_cursor


@dataclass(frozen=True)
class KeyRow:
    """A key as lists show it: its public prefix, never its secret."""

    id: UUID
    name: str
    prefix: str
    scopes: tuple[str, ...]
    person_id: UUID | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True)
class SessionRow:
    """One signed-in browser of a person."""

    id: UUID
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    agent: str


def list_keys(
    session: Session, *, workspace_id: UUID, limit: int = DEFAULT_LIMIT, cursor: str | None = None
) -> Page[KeyRow]:
    """Return a page of a workspace's keys, the oldest first, revoked and expired ones too.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    wanted = select(ApiKey).where(ApiKey.workspace_id == workspace_id).execution_options(populate_existing=True)
    if cursor is not None:
        wanted = wanted.where(tuple_(ApiKey.created_at, ApiKey.id) > read_cursor(cursor))
    found = session.scalars(wanted.order_by(ApiKey.created_at, ApiKey.id).limit(limit + 1))
    rows = [
        KeyRow(
            key.id,
            key.name,
            key.prefix,
            tuple(key.scopes),
            key.person_id,
            key.created_at,
            key.expires_at,
            key.revoked_at,
            key.last_used_at,
        )
        for key in found
    ]
    more = write_cursor(rows[limit - 1].created_at, rows[limit - 1].id) if len(rows) > limit else None
    return Page(rows[:limit], more)


def list_own_sessions(session: Session, *, now: datetime, person_id: UUID) -> list[SessionRow]:
    """Return a person's live sessions, the latest used first."""
    found = session.scalars(
        select(UserSession)
        .where(
            UserSession.person_id == person_id,
            UserSession.revoked_at.is_(None),
            UserSession.expires_at > now,
            UserSession.last_seen_at > now - SESSION_IDLE,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
        .execution_options(populate_existing=True)
    )
    return [SessionRow(s.id, s.created_at, s.last_seen_at, s.expires_at, s.agent) for s in found]
