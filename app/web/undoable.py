"""The decision that a person may still take back, for the line that says so. Called by the frame around pages."""

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session

from app.kernel.ids import NoSuchId, parse
from app.review.queries import NoSuchDecision, get_decision


def undoable(
    session: Session, *, now: datetime, workspace_id: UUID, person_id: UUID | None, shown: str
) -> dict[str, Any] | None:
    """Return where to take a decision back and for how many seconds that goes, or None when it does not (any more)."""
    try:
        decision = get_decision(session, workspace_id=workspace_id, decision_id=parse("decision", shown))
    except (NoSuchId, NoSuchDecision):
        return None
    left = (decision.final_at - now).total_seconds()
    if decision.decided_by != person_id or not decision.stands or left <= 0:
        return None
    return {"url": url_for("desk_acts.undo_decision", decision_id=shown), "seconds": int(left)}
