"""/api/v1/items: put back what is held, and give items to people. Scope: review; what leads do needs a lead."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.items import AssignIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.queue.models import Item
from app.review.service import assign_item, unhold_item

api = APIBlueprint(
    "items",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="items")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/items/<id>/unhold", responses={200: Anything})
@allow("review", by_session=True)
def post_unhold(path: IdPath) -> Response:
    """Put an item that you hold back in line; a lead may do so with what others hold."""
    item = unhold_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        oversees=principal().may("oversee"),
        item_id=parse("item", path.id),
    )
    return answer(_document(item))


@api.post("/items/<id>/assign", responses={200: Anything})
@allow("oversee", by_session=True)
def post_assign(path: IdPath, body: AssignIn) -> Response:
    """Give an open item to a person by name, or with `to` null to everybody; whoever has it loses it."""
    item = assign_item(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        by=person_id(),
        item_id=parse("item", path.id),
        to=body.to,
        note=body.note,
    )
    return answer(_document(item))


def _document(item: Item) -> dict[str, Any]:
    return {
        "id": show("item", item.id),
        "state": item.state,
        "assigned_to": None if item.assigned_to is None else show("person", item.assigned_to),
        "assigned_until": None if item.assigned_until is None else instant_text(item.assigned_until),
        "held_by": None if item.held_by is None else show("person", item.held_by),
    }
