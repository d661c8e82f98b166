"""/api/v1/queues: what waits in each queue (scope read), and how it is worked (permission run_queues)."""

from typing import Any, Final
from uuid import UUID

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer, tagged
from app.api.v1.doctor import queue_document
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.shapes.queues import QueueIn
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged, version_of
from app.kernel.ids import NoSuchId, parse, show
from app.kernel.instants import instant_text
from app.queue.models import Queue
from app.queue.queries import get_queue, list_queue_settings
from app.queue.service import QueueSettings, UnknownCalendar, add_queue, change_queue
from app.reports.doctor import look_at_queue

api = APIBlueprint(
    "queues",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="queues")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)

# Its items get their new places some time after a change.
_MOVING: Final = ("reordering",)


@api.post("/queues", responses={201: Anything})
@allow("run_queues")
def post(body: QueueIn) -> Response:
    """Make a queue before its first item comes; otherwise it comes into being with that."""
    added = add_queue(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), settings=_settings(body))
    return tagged(settings_document(added), 201, moving=_MOVING)


@api.get("/queues", responses={200: Anything})
@allow("run_queues")
def get_all() -> Response:
    """List every queue with its settings, by name."""
    rows = [settings_document(q) for q in list_queue_settings(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/queues/<id>", responses={200: Anything})
@allow("read", by_session=True)
def get(path: IdPath) -> Response:
    """Say what waits in a queue, since when, and what of it is due soon or late. The ETag is that of its settings."""
    state = look_at_queue(db(), now=now(), workspace_id=workspace_id(), queue_id=parse("queue", path.id))
    response = answer(queue_document(state))
    response.set_etag(version_of(settings_document(state.queue), moving=_MOVING))
    return response


@api.put("/queues/<id>", responses={200: Anything})
@allow("run_queues")
def put(path: IdPath, body: QueueIn) -> Response:
    """Change how a queue is worked. Items that wait get their new place within a minute or so."""
    queue_id = parse("queue", path.id)
    check_unchanged(queue_id, lambda: _read(queue_id), moving=_MOVING)
    changed = change_queue(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        queue_id=queue_id,
        settings=_settings(body),
    )
    return tagged(settings_document(changed), moving=_MOVING)


def _read(queue_id: UUID) -> dict[str, Any]:
    return settings_document(get_queue(db(), workspace_id=workspace_id(), queue_id=queue_id))


def _settings(body: QueueIn) -> QueueSettings:
    try:
        calendar_id = None if body.calendar is None else parse("calendar", body.calendar)
    except NoSuchId as error:
        raise UnknownCalendar.at_field() from error
    return QueueSettings(
        name=body.name,
        calendar_id=calendar_id,
        value_order=body.value_order,
        half_life_ms=body.half_life,
        soon_ms=body.due_soon,
        skip_policy=body.skip_policy,
        skip_reasons=body.skip_reasons,
        relaxations=[{"after_ms": r.after, "drop": r.drop, "candidates": r.candidates} for r in body.relaxations],
        lapse_ms=body.lapse,
        paused=body.paused,
    )


def settings_document(queue: Queue) -> dict[str, Any]:
    """Return how a queue is worked, JSON-ready."""
    return {
        "id": show("queue", queue.id),
        "name": queue.name,
        "calendar": None if queue.calendar_id is None else show("calendar", queue.calendar_id),
        "value_order": queue.value_order,
        "half_life_seconds": queue.half_life_ms // 1000,
        "due_soon_seconds": queue.soon_ms // 1000,
        "skip_policy": queue.skip_policy,
        "skip_reasons": queue.skip_reasons,
        "relaxations": [
            {
                "after_seconds": r["after_ms"] // 1000,
                "drop": r.get("drop", []),
                "candidates": r.get("candidates", False),
            }
            for r in queue.relaxations
        ],
        "lapse_seconds": queue.lapse_ms // 1000,
        "paused": queue.paused_at is not None,
        "reordering": queue.rekey_from is not None,
        "created_at": instant_text(queue.created_at),
    }
