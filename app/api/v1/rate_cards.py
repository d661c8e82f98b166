"""/api/v1/rate-cards: say what an hour of a reviewer costs, from when on. Append-only. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import RateCardIn
from app.api.v1.shapes.parts import Anything, Problem
from app.costs.models import RateCard
from app.costs.queries import list_rate_cards
from app.costs.service import NewRate, record_rate
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.identity.queries import get_membership
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "rate_cards",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="rate cards")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/rate-cards", responses={201: Anything})
@allow("admin")
def post(body: RateCardIn) -> Response:
    """Record a rate; it prices the time that is posted from now on."""
    person_id = None
    if body.person is not None:
        person_id = parse("person", body.person)
        get_membership(db(), workspace_id=workspace_id(), person_id=person_id)
    card = record_rate(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        new=NewRate(
            person_id=person_id,
            currency=body.currency,
            base=body.base,
            burden=body.burden,
            overhead=body.overhead,
            valid_from=body.valid_from,
            valid_to=body.valid_to,
        ),
    )
    return answer(_document(card), 201)


@api.get("/rate-cards", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List every rate card, the newest first."""
    rows = [_document(c) for c in list_rate_cards(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


def _document(card: RateCard) -> dict[str, Any]:
    return {
        "id": show("rate_card", card.id),
        "person": None if card.person_id is None else show("person", card.person_id),
        "currency": card.currency,
        "unit": card.unit,
        "base": f"{card.base:f}",
        "burden": f"{card.burden:f}",
        "overhead": f"{card.overhead:f}",
        "valid_from": instant_text(card.valid_from),
        "valid_to": None if card.valid_to is None else instant_text(card.valid_to),
        "recorded_at": instant_text(card.recorded_at),
    }
