"""/api/v1/period-closes: close the books, for good. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.adjustments import CloseIn
from app.api.v1.shapes.parts import Anything, Problem
from app.costs.models import PeriodClose
from app.costs.queries import list_closes
from app.costs.service import close_period
from app.edge.context import db, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "period_closes",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="rate cards")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.post("/period-closes", responses={201: Anything})
@allow("admin")
def post(body: CloseIn) -> Response:
    """Close what is dated before an instant; what is posted later belongs to the open period."""
    made = close_period(db(), actor=principal().actor, workspace_id=workspace_id(), until=body.until)
    return answer(_document(made), 201)


@api.get("/period-closes", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List every close, the last first."""
    rows = [_document(one) for one in list_closes(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


def _document(close: PeriodClose) -> dict[str, Any]:
    return {
        "id": show("period_close", close.id),
        "until": instant_text(close.until_at),
        "closed_at": instant_text(close.closed_at),
    }
