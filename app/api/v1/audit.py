"""/api/v1/audit: the trail, page by page. Scope: audit."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Anything, Problem
from app.api.v1.shapes.reports import AuditQuery
from app.audit.queries import EventRow, list_events
from app.edge.context import db, workspace_id
from app.edge.guard import allow
from app.kernel.ids import PREFIXES, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "audit",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="audit")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.get("/audit", responses={200: Anything})
@allow("audit", by_session=True)
def get(query: AuditQuery) -> Response:
    """Read events in order; pass `next_cursor` back for the next page.

    `seq` and `sha256` are an event's place in the workspace's chain; it gets them about a second after it happened.
    """
    rows = list_events(db(), workspace_id=workspace_id(), after=query.cursor, limit=query.limit + 1)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    cursor = rows[-1].number if more else None
    return answer({"data": [_document(e) for e in rows], "has_more": more, "next_cursor": cursor})


def _document(event: EventRow) -> dict[str, Any]:
    kind = event.subject_kind if event.subject_kind in PREFIXES else "event"
    actor = event.actor_id and (show(event.actor_kind, event.actor_id) if event.actor_kind in PREFIXES else None)
    return {
        "number": event.number,
        "seq": event.seq,
        "sha256": None if event.sha256 is None else event.sha256.hex(),
        "at": instant_text(event.at),
        "type": event.type,
        "actor": {"kind": event.actor_kind, "id": actor},
        "subject": {"kind": event.subject_kind, "id": show(kind, event.subject_id)},
        "from": event.from_state,
        "to": event.to_state,
        "details": event.details,
    }
