"""Write the trail. Fails closed: no event, no change, because both share one transaction.

Called by the services that change something.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.kernel.bulk import Target, json_text

# Written out, because every change runs it and building it each time took longer than the database does.
_INSERT: Final = text("""
INSERT INTO events (workspace_id, at, type, actor_kind, actor_id,
                    subject_kind, subject_id, from_state, to_state, details)
VALUES (:workspace_id, :at, :type, :actor_kind, :actor_id,
        :subject_kind, :subject_id, :from_state, :to_state, CAST(:details AS jsonb))
""")


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
        _INSERT,
        {
            "workspace_id": workspace_id,
            "at": now,
            "type": type,
            "actor_kind": actor.kind,
            "actor_id": actor.id,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "from_state": from_state,
            "to_state": to_state,
            "details": orjson.dumps(dict(details or {})).decode(),
        },
    )


EVENTS: Final = Target(
    "events",
    {
        "workspace_id": "uuid",
        "at": "timestamptz",
        "type": "text",
        "actor_kind": "text",
        "actor_id": "uuid",
        "subject_kind": "text",
        "subject_id": "uuid",
        "from_state": "text",
        "to_state": "text",
        "details": "jsonb",
    },
)


def event_row(
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    type: str,  # noqa: A002  # the word of the trail
    subject_kind: str,
    subject_id: UUID,
    to_state: str,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """Return the event of something that came into being, for the writers that put many rows into one go."""
    return {
        "workspace_id": workspace_id,
        "at": now,
        "type": type,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "subject_kind": subject_kind,
        "subject_id": subject_id,
        "from_state": None,
        "to_state": to_state,
        "details": json_text(details),
    }


def events_from(source: str, *, type: str, subject_kind: str, from_state: str, to_state: str, details: str) -> str:  # noqa: A002  # the word of the trail
    """Return SQL that adds an event for each row of `source`, to be a part of a statement that changes something.

    For the few statements that run so often that a round trip of its own for the event is too much.

    Args:
        source: A common table expression with the columns workspace_id, at and subject_id; the statement has the
            parameters actor_kind and actor_id.
        details: An SQL expression of type jsonb over the columns of `source`.
    """
    return f"""
INSERT INTO events (workspace_id, at, type, actor_kind, actor_id,
                    subject_kind, subject_id, from_state, to_state, details)
SELECT workspace_id, at, '{type}', :actor_kind, :actor_id,
       '{subject_kind}', subject_id, '{from_state}', '{to_state}', {details}
  FROM {source}"""  # noqa: S608  # constants of the caller
