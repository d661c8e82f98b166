"""/api/v1/presence: whether I am there to work. Scope: review; the call acts for a person."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Anything, Problem
from app.api.v1.shapes.people import PresenceIn
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.instants import instant_text
from app.queue.models import Presence
from app.queue.queries import find_presence
from app.review.service import pause_reviewer, resume_reviewer

api = APIBlueprint(
    "presence",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="people")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.get("/presence", responses={200: Anything})
@allow("review", by_session=True)
def get() -> Response:
    """Say whether I am there, as far as I said."""
    return answer(_document(find_presence(db(), workspace_id=workspace_id(), person_id=person_id())))


@api.put("/presence", responses={200: Anything})
@allow("review", by_session=True)
def put(body: PresenceIn) -> Response:
    """Pause, so that nothing more is handed to me, or go on. What I hold stays mine."""
    act: dict[str, Any] = {
        "now": now(),
        "actor": principal().actor,
        "workspace_id": workspace_id(),
        "person_id": person_id(),
    }
    if body.state == "available":
        return answer(_document(resume_reviewer(db(), **act)))
    return answer(_document(pause_reviewer(db(), **act, reason=body.reason or "other")))


def _document(presence: Presence | None) -> dict[str, Any]:
    paused_at = None if presence is None else presence.paused_at
    seen_at = None if presence is None else presence.seen_at
    return {
        "state": "available" if paused_at is None else "paused",
        "reason": None if presence is None else presence.reason,
        "since": None if paused_at is None else instant_text(paused_at),
        "seen_at": None if seen_at is None else instant_text(seen_at),
    }
