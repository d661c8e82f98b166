"""/api/v1/adjustments: say what one's time should have been; grant or refuse it. Scope: review; a lead's to settle."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.adjustments.models import Adjustment
from app.adjustments.queries import AdjustmentRow, get_adjustment, list_adjustments
from app.adjustments.service import Wish, add_time, ask, grant, refuse
from app.api.v1.answers import answer
from app.api.v1.shapes.adjustments import AddedTimeIn, AdjustmentIn, AdjustmentsQuery, GrantIn, RefuseIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text

api = APIBlueprint(
    "adjustments",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="adjustments")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/adjustments", responses={201: Anything})
@allow("review", by_session=True)
def post(body: AdjustmentIn) -> Response:
    """Say what the counted time of one's own claim should be; somebody else settles it."""
    made = ask(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        claim_id=parse("claim", body.claim),
        wish=Wish(body.seconds, body.reason, body.note),
    )
    return answer(_read(made), 201)


@api.post("/adjustments/time", responses={201: Anything})
@allow("oversee", by_session=True)
def post_time(body: AddedTimeIn) -> Response:
    """Book somebody else's time outside of items."""
    made = add_time(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=parse("person", body.person),
        by=person_id(),
        at=body.at,
        wish=Wish(body.seconds, body.reason, body.note),
    )
    return answer(_read(made), 201)


@api.get("/adjustments", responses={200: Anything})
@allow("review", by_session=True)
def get_all(query: AdjustmentsQuery) -> Response:
    """List adjustments, the newest first: one's own, or to a lead everybody's."""
    whose = None if principal().may("oversee") else person_id()
    page = list_adjustments(
        db(),
        workspace_id=workspace_id(),
        person_id=whose,
        state=query.state,
        limit=query.limit,
        cursor=query.cursor,
    )
    rows = [_document(row) for row in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.post("/adjustments/<id>/grant", responses={200: Anything})
@allow("oversee", by_session=True)
def post_grant(path: IdPath, body: GrantIn) -> Response:
    """Grant an adjustment: reversals and a new entry, beside what was measured."""
    settled = grant(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        adjustment_id=parse("adjustment", path.id),
        by=person_id(),
        ms=body.seconds,
        reply=body.reply,
    )
    return answer(_read(settled))


@api.post("/adjustments/<id>/refuse", responses={200: Anything})
@allow("oversee", by_session=True)
def post_refuse(path: IdPath, body: RefuseIn) -> Response:
    """Refuse an adjustment and say why; what was counted stays."""
    settled = refuse(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        adjustment_id=parse("adjustment", path.id),
        by=person_id(),
        reply=body.reply,
    )
    return answer(_read(settled))


def _read(adjustment: Adjustment) -> dict[str, Any]:
    return _document(get_adjustment(db(), workspace_id=workspace_id(), adjustment_id=adjustment.id))


def _document(row: AdjustmentRow) -> dict[str, Any]:
    return {
        "id": show("adjustment", row.id),
        "person": show("person", row.person_id),
        "claim": None if row.claim_id is None else show("claim", row.claim_id),
        "kind": row.kind,
        "state": row.state,
        "at": instant_text(row.at),
        "asked_seconds": None if row.asked_ms is None else seconds_text(row.asked_ms),
        "granted_seconds": None if row.granted_ms is None else seconds_text(row.granted_ms),
        "reason": row.reason,
        "note": row.note,
        "asked_by": show("person", row.asked_by),
        "asked_at": instant_text(row.asked_at),
        "settled_by": None if row.settled_by is None else show("person", row.settled_by),
        "settled_at": None if row.settled_at is None else instant_text(row.settled_at),
        "reply": row.reply,
    }
