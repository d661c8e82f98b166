"""A reviewer pauses or goes on: nothing more is handed to her, and what was kept ready for her goes to others.

Called by the desk and the presence API.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.queue.models import Presence
from app.queue.service import pause, resume
from app.review.service.reserving import end_reservation


def pause_reviewer(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, reason: str = "other"
) -> Presence:
    """Hand nothing more to a person until she goes on; what she claimed or holds stays hers."""
    end_reservation(session, now=now, actor=actor, workspace_id=workspace_id, person_id=person_id)
    return pause(session, now=now, actor=actor, workspace_id=workspace_id, person_id=person_id, reason=reason)


def resume_reviewer(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID) -> Presence:
    """Hand items to a person again."""
    return resume(session, now=now, actor=actor, workspace_id=workspace_id, person_id=person_id)
