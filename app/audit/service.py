"""Write the trail. Fails closed: no event, no change, because both share one transaction.

Called by the services that change something.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import Actor


def record(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID | None,
    type: str,  # noqa: A002  # the word that the trail and its readers use
    subject_kind: str,
    subject_id: UUID,
    from_state: str | None = None,
    to_state: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one event to this transaction.

    Args:
        type: What happened, `thing.done`, for example `item.claimed`.
        subject_kind: The kind of thing it happened to, as in app/kernel/ids.py.
        details: Small, JSON-ready facts; ids, hashes and numbers, never what a model or a person wrote.
    """
    session.execute(
        insert(Event).values(
            workspace_id=workspace_id,
            at=now,
            type=type,
            actor_kind=actor.kind,
            actor_id=actor.id,
            subject_kind=subject_kind,
            subject_id=subject_id,
            from_state=from_state,
            to_state=to_state,
            details=dict(details or {}),
        )
    )
