"""/api/v1/calendars: say when people work, for deadlines in business time. Permission: run_queues."""

from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer, tagged
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.shapes.queues import CalendarIn
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.queue.models import Calendar
from app.queue.queries import as_business_calendar, get_calendar, list_calendars
from app.queue.rules.calendars import is_open, next_opening
from app.queue.service import CalendarDescription, add_calendar, change_calendar, remove_calendar

api = APIBlueprint(
    "calendars",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="calendars")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)

# Whether it is open depends on the hour, not on who changes it.
_MOVING: Final = ("open_now", "opens_at", "updated_at")


@api.post("/calendars", responses={201: Anything})
@allow("run_queues")
def post(body: CalendarIn) -> Response:
    """Add a calendar."""
    added = add_calendar(
        db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), described=_described(body)
    )
    return tagged(_document(added), 201, moving=_MOVING)


@api.get("/calendars", responses={200: Anything})
@allow("run_queues")
def get_all() -> Response:
    """List every calendar, by name."""
    rows = [_document(c) for c in list_calendars(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/calendars/<id>", responses={200: Anything})
@allow("run_queues")
def get(path: IdPath) -> Response:
    """Read a calendar, and whether it is open now."""
    return tagged(_read(path), moving=_MOVING)


@api.put("/calendars/<id>", responses={200: Anything})
@allow("run_queues")
def put(path: IdPath, body: CalendarIn) -> Response:
    """Change a calendar; deadlines that are set already stay."""
    check_unchanged(parse("calendar", path.id), lambda: _read(path), moving=_MOVING)
    changed = change_calendar(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        calendar_id=parse("calendar", path.id),
        described=_described(body),
    )
    return tagged(_document(changed), moving=_MOVING)


@api.delete("/calendars/<id>", responses={204: None, 409: Problem})
@allow("run_queues")
def delete(path: IdPath) -> Response:
    """Remove a calendar that no queue works by."""
    check_unchanged(parse("calendar", path.id), lambda: _read(path), moving=_MOVING)
    remove_calendar(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        calendar_id=parse("calendar", path.id),
    )
    return Response(status=204)


def _read(path: IdPath) -> dict[str, Any]:
    return _document(get_calendar(db(), workspace_id=workspace_id(), calendar_id=parse("calendar", path.id)))


def _described(body: CalendarIn) -> CalendarDescription:
    return CalendarDescription(
        name=body.name,
        zone=body.zone,
        hours=body.hours,
        country=body.country,
        subdivision=body.subdivision,
        closed_days=body.closed_days,
        open_days=body.open_days,
    )


def _document(row: Calendar) -> dict[str, Any]:
    calendar = as_business_calendar(row)
    opens_at = next_opening(calendar, now())
    return {
        "id": show("calendar", row.id),
        "name": row.name,
        "zone": row.zone,
        "hours": row.hours,
        "country": row.country,
        "subdivision": row.subdivision,
        "closed_days": [day.isoformat() for day in row.closed_days],
        "open_days": [day.isoformat() for day in row.open_days],
        "open_now": is_open(calendar, now()),
        "opens_at": None if opens_at is None else instant_text(opens_at),
        "created_at": instant_text(row.created_at),
        "updated_at": instant_text(row.updated_at),
    }
