"""/api/v1/decisions: take a decision back before it is final, or overturn it afterwards.

Scope: review to undo one's own; overturning needs a lead.
"""

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.claims import SupersedeIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.verdicts import read_verdict
from app.edge.context import db, person_id, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.review.rules.document import decision_document
from app.review.service import supersede, undo

api = APIBlueprint(
    "decisions",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="decisions")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/decisions/<id>/undo", responses={200: Anything})
@allow("review", by_session=True)
def post_undo(path: IdPath) -> Response:
    """Take a decision back that is not final yet; its item is held for whoever decided."""
    item = undo(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        oversees=principal().may("oversee"),
        decision_id=parse("decision", path.id),
    )
    return answer({"decision": path.id, "undone": True, "item": show("item", item.id), "state": item.state})


@api.post("/decisions/<id>/supersede", responses={200: Anything})
@allow("oversee", by_session=True)
def post_supersede(path: IdPath, body: SupersedeIn) -> Response:
    """Overturn a final decision; the new one names it and is delivered again. Time and money stay as they are."""
    decision = supersede(
        db(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        decision_id=parse("decision", path.id),
        content_sha256=bytes.fromhex(body.content_sha256),
        verdict=read_verdict(body),
        reason=body.reason,
    )
    return answer(decision_document(decision))
