"""/api/v1/endpoints: register addresses that decisions are sent to. Scope: admin."""

from typing import Any

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import EndpointIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.delivery.models import Endpoint
from app.delivery.queries import get_endpoint, list_endpoints
from app.delivery.service import disable_endpoint, register_endpoint
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "endpoints",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="endpoints")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/endpoints", responses={201: Anything})
@allow("admin")
def post(body: EndpointIn) -> Response:
    """Register an address; the answer holds its signing secret, this once."""
    made = register_endpoint(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        url=body.url,
        types=body.types,
        allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
    )
    return answer({**_document(made.endpoint), "secret": made.secret}, 201)


@api.get("/endpoints", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List endpoints, without their secrets."""
    rows = [_document(e) for e in list_endpoints(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.delete("/endpoints/<id>", responses={200: Anything})
@allow("admin")
def delete(path: IdPath) -> Response:
    """Stop calling an endpoint; what is still due for it is parked."""
    endpoint = get_endpoint(db(), workspace_id=workspace_id(), endpoint_id=parse("endpoint", path.id))
    disable_endpoint(db(), now=now(), actor=principal().actor, endpoint=endpoint, why="disabled by an admin")
    return answer(_document(endpoint))


def _document(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": show("endpoint", endpoint.id),
        "url": endpoint.url,
        "types": endpoint.types,
        "created_at": instant_text(endpoint.created_at),
        "disabled_at": None if endpoint.disabled_at is None else instant_text(endpoint.disabled_at),
        "disabled_why": endpoint.disabled_why,
    }
