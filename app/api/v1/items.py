"""/api/v1/items: read where an item stands and why, put back what is held, and give items to people.

Scopes: read to read, review to put back; what leads do needs a lead.
"""

from datetime import datetime
from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.items import AssignIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.queue.models import Item
from app.queue.queries import explain_place, get_item
from app.queue.rules import step_documents
from app.review.service import assign_item, unhold_item

api = APIBlueprint(
    "items",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="items")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.get("/items/<id>", responses={200: Anything})
@allow("read", by_session=True)
def get(path: IdPath) -> Response:
    """Read where an item stands: its state, its times, its steps, and why it has its place in line. No content."""
    item = get_item(db(), workspace_id=workspace_id(), item_id=parse("item", path.id))
    place = explain_place(db(), item=item, now=now())
    return answer(
        {
            **_document(item),
            "submission_id": show("submission", item.submission_id),
            "queue": show("queue", item.queue_id),
            "stage": item.stage,
            "soon_at": None if item.soon_at is None else instant_text(item.soon_at),
            "on_timeout": item.on_timeout,
            "on_last_timeout": item.on_last_timeout,
            "tier": item.tier,
            "escalation": step_documents(item.escalation),
            "next_step_at": None if item.step_at is None else instant_text(item.step_at),
            "skills": item.skills,
            "for_lead": item.for_lead,
            "high_risk": item.high_risk,
            "place": {name: _shown(value) for name, value in place.items()},
        }
    )


def _shown(value: Any) -> Any:
    return instant_text(value) if isinstance(value, datetime) else value


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
