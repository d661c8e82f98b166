"""/api/v1/deliveries: what was handed over by webhook, every try of it, and sending it again. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import DeliveriesQuery
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.delivery.models import Delivery, DeliveryAttempt
from app.delivery.queries import Wanted, get_delivery, list_attempts, page_deliveries
from app.delivery.service import replay
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "deliveries",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="endpoints")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.get("/deliveries", responses={200: Anything})
@allow("admin")
def get_all(query: DeliveriesQuery) -> Response:
    """List deliveries, the newest first."""
    wanted = Wanted(
        endpoint_id=None if query.endpoint is None else parse("endpoint", query.endpoint),
        submission_id=None if query.submission is None else parse("submission", query.submission),
        state=query.state,
    )
    page = page_deliveries(db(), workspace_id=workspace_id(), wanted=wanted, cursor=query.cursor, limit=query.limit)
    rows = [_document(row) for row in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.get("/deliveries/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one delivery with every try."""
    return answer(_with_tries(_delivery(path)))


@api.post("/deliveries/<id>/replay", responses={200: Anything, 409: Problem})
@allow("admin")
def post_replay(path: IdPath) -> Response:
    """Send a parked delivery again, with the same id and the same bytes."""
    delivery_id = parse("delivery", path.id)
    replay(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), delivery_id=delivery_id)
    return answer(_with_tries(_delivery(path)))


def _delivery(path: IdPath) -> Delivery:
    return get_delivery(db(), workspace_id=workspace_id(), delivery_id=parse("delivery", path.id))


def _document(delivery: Delivery) -> dict[str, Any]:
    done = delivery.delivered_at
    return {
        "id": show("delivery", delivery.id),
        "endpoint": show("endpoint", delivery.endpoint_id),
        "submission": show("submission", delivery.submission_id),
        "type": delivery.type,
        "state": delivery.state,
        "tries": delivery.attempts,
        "due_at": instant_text(delivery.due_at),
        "next_try_at": instant_text(delivery.next_attempt_at) if delivery.state == "due" else None,
        "delivered_at": None if done is None else instant_text(done),
    }


def _with_tries(delivery: Delivery) -> dict[str, Any]:
    tries = [_try_document(one) for one in list_attempts(db(), delivery_id=delivery.id)]
    return {**_document(delivery), "attempts": tries}


def _try_document(one: DeliveryAttempt) -> dict[str, Any]:
    return {
        "attempt": one.attempt,
        "at": instant_text(one.at),
        "duration_ms": one.duration_ms,
        "status_code": one.status_code,
        "problem": one.problem,
    }
