"""/api/v1/endpoints: addresses that decisions are sent to: register, change, new secret, send again. Scope: admin."""

from datetime import timedelta
from typing import Any, Final

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer, tagged
from app.api.v1.shapes.admin import EndpointChange, EndpointIn, ReplayIn, RotateIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.delivery.models import Endpoint
from app.delivery.queries import get_endpoint, list_endpoints
from app.delivery.service import (
    change_endpoint,
    disable_endpoint,
    register_endpoint,
    replay_parked,
    rotate_secret,
)
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged, version_of
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


REPLAY_AT_ONCE: Final = 1_000
# What comes of sending to it.
_MOVING: Final = ("health", "failures", "failing_since", "resting_until", "old_secret_until")


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
    response = answer({**_document(made.endpoint), "secret": made.secret}, 201)
    response.set_etag(version_of(_document(made.endpoint), moving=_MOVING))
    return response


@api.get("/endpoints", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List endpoints, without their secrets."""
    rows = [_document(e) for e in list_endpoints(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/endpoints/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one endpoint, without its secret."""
    return tagged(_document(_endpoint(path)), moving=_MOVING)


@api.patch("/endpoints/<id>", responses={200: Anything})
@allow("admin")
def patch(path: IdPath, body: EndpointChange) -> Response:
    """Change an address or its types, disable it, or enable it again with a clean record."""
    endpoint = _endpoint_to_change(path)
    change_endpoint(
        db(),
        now=now(),
        actor=principal().actor,
        endpoint=endpoint,
        url=body.url,
        types=body.types,
        enabled=body.enabled,
        allow_private=current_app.config["ALLOW_PRIVATE_ENDPOINTS"],
    )
    return tagged(_document(endpoint), moving=_MOVING)


@api.post("/endpoints/<id>/rotate", responses={200: Anything, 409: Problem})
@allow("admin")
def post_rotate(path: IdPath, body: RotateIn) -> Response:
    """Make a new signing secret, shown this once; for a day, or `overlap_seconds`, both sign."""
    made = rotate_secret(
        db(),
        now=now(),
        actor=principal().actor,
        endpoint=_endpoint(path),
        overlap=timedelta(seconds=body.overlap_seconds),
    )
    return answer({**_document(made.endpoint), "secret": made.secret})


@api.post("/endpoints/<id>/replay", responses={200: Anything, 409: Problem})
@allow("admin")
def post_replay(path: IdPath, body: ReplayIn) -> Response:
    """Send again what was parked of a range of time, 1,000 at most; the ids and bytes are the same."""
    count = replay_parked(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        endpoint_id=_endpoint(path).id,
        since=body.since,
        until=body.until or now(),
        limit=REPLAY_AT_ONCE,
    )
    return answer({"replayed": count, "more": count == REPLAY_AT_ONCE})


def _endpoint(path: IdPath, *, lock: bool = False) -> Endpoint:
    return get_endpoint(db(), workspace_id=workspace_id(), endpoint_id=parse("endpoint", path.id), lock=lock)


def _endpoint_to_change(path: IdPath) -> Endpoint:
    """Return an endpoint as it will stay until this request ends: a worker may give it up at any time."""
    endpoint = _endpoint(path, lock=True)
    check_unchanged(endpoint.id, lambda: _document(endpoint), moving=_MOVING)
    return endpoint


@api.delete("/endpoints/<id>", responses={200: Anything})
@allow("admin")
def delete(path: IdPath) -> Response:
    """Stop calling an endpoint; what is still due for it is parked."""
    endpoint = _endpoint_to_change(path)
    disable_endpoint(db(), now=now(), actor=principal().actor, endpoint=endpoint, why="disabled by an admin")
    return tagged(_document(endpoint), moving=_MOVING)


def _document(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": show("endpoint", endpoint.id),
        "url": endpoint.url,
        "types": endpoint.types,
        "created_at": instant_text(endpoint.created_at),
        "disabled_at": None if endpoint.disabled_at is None else instant_text(endpoint.disabled_at),
        "disabled_why": endpoint.disabled_why,
        "health": endpoint.health.word(now=now(), disabled=endpoint.disabled_at is not None),
        "failures": endpoint.failures,
        "failing_since": None if endpoint.failing_since is None else instant_text(endpoint.failing_since),
        "resting_until": None if endpoint.resting_until is None else instant_text(endpoint.resting_until),
        "old_secret_until": None if endpoint.old_secret_until is None else instant_text(endpoint.old_secret_until),
    }
