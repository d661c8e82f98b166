"""/api/v1/me/notifications: how I want to be told in this workspace. Scope: review, for a person's key or her page."""

from typing import Any

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import tagged
from app.api.v1.shapes.notifications import HabitsIn
from app.api.v1.shapes.parts import Anything, Problem
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged
from app.notifications.queries.people import habits_of
from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import KINDS
from app.notifications.service import choose_habits

api = APIBlueprint(
    "my_notifications",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="notifications")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.get("/me/notifications", responses={200: Anything})
@allow("review", by_session=True)
def get() -> Response:
    """Read how I am told, and whether this installation sends mail at all."""
    return tagged(_read())


@api.put("/me/notifications", responses={200: Anything})
@allow("review", by_session=True)
def put(body: HabitsIn) -> Response:
    """Choose how I am told; it counts for what is pending too."""
    check_unchanged(person_id(), _read)
    chosen = choose_habits(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        habits=Habits(body.modes, body.zone, body.daily_at, body.quiet_from, body.quiet_until),
    )
    return tagged(_document(chosen))


def _read() -> dict[str, Any]:
    return _document(habits_of(db(), workspace_id=workspace_id(), person_id=person_id()))


def _document(habits: Habits) -> dict[str, Any]:
    quiet = (habits.quiet_from, habits.quiet_until)
    return {
        "modes": {kind: habits.mode(kind) for kind in KINDS},
        "zone": habits.zone,
        "daily_at": f"{habits.daily_at:%H:%M}",
        **{
            name: None if at is None else f"{at:%H:%M}"
            for name, at in zip(("quiet_from", "quiet_until"), quiet, strict=True)
        },
        "mail": current_app.config["MAIL"],
    }
