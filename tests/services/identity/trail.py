"""Read the types of events that a test has caused."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.queries import EventRow, list_events


def events(session: Session, workspace_id: UUID) -> list[EventRow]:
    """Return every event of a workspace in order."""
    return list_events(session, workspace_id=workspace_id, after=0, limit=1000)


def types(session: Session, workspace_id: UUID) -> list[str]:
    """Return the types of a workspace's events in order."""
    return [event.type for event in events(session, workspace_id)]
