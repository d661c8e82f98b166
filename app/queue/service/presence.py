"""Whether a person is there to work: she says so, and nothing is handed to somebody who paused.

Called by the desk and the presence API; claiming notes that it saw her.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.queue.models import Presence
from app.queue.queries import SEEN_GRAIN, find_presence
from app.queue.rules import PAUSE_REASONS


def pause(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, reason: str = "other"
) -> Presence:
    """Hand nothing more to a person until she resumes. What she holds stays hers. Pausing twice keeps the first time.

    Args:
        reason: One of PAUSE_REASONS.
    """
    assert reason in PAUSE_REASONS, reason  # noqa: S101  # the doors offer no other
    known = find_presence(session, workspace_id=workspace_id, person_id=person_id)
    since = known.paused_at if known is not None and known.paused_at is not None else now
    _keep(session, workspace_id, person_id, {"paused_at": since, "reason": reason, "seen_at": now})
    return _record(session, now, actor, (workspace_id, person_id), {"reason": reason})


def resume(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID) -> Presence:
    """Hand items to a person again."""
    _keep(session, workspace_id, person_id, {"paused_at": None, "reason": None, "seen_at": now})
    return _record(session, now, actor, (workspace_id, person_id), {})


def note_seen(session: Session, *, now: datetime, workspace_id: UUID, person_id: UUID) -> None:
    """Note that a person asked for work and got none, to the minute."""
    seen = insert(Presence).values(workspace_id=workspace_id, person_id=person_id, seen_at=now)
    session.execute(
        seen.on_conflict_do_update(
            index_elements=["workspace_id", "person_id"],
            set_={"seen_at": now},
            where=or_(Presence.seen_at.is_(None), Presence.seen_at < now - SEEN_GRAIN),
        )
    )


def _keep(session: Session, workspace_id: UUID, person_id: UUID, state: dict[str, Any]) -> None:
    session.execute(
        insert(Presence)
        .values(workspace_id=workspace_id, person_id=person_id, **state)
        .on_conflict_do_update(index_elements=["workspace_id", "person_id"], set_=state)
    )


def _record(
    session: Session, now: datetime, actor: Actor, whose: tuple[UUID, UUID], details: dict[str, str]
) -> Presence:
    workspace_id, person_id = whose
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="person.paused" if details else "person.resumed",
        subject_kind="person",
        subject_id=person_id,
        details=details,
    )
    return session.get_one(Presence, whose, populate_existing=True)
