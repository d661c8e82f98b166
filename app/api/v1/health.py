"""/api/v1/healthz, /readyz, /openapi.json: is it alive, may it have traffic, what can it do. No key needed."""

from flask import Response, current_app
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Anything
from app.edge.context import db
from app.edge.guard import PUBLIC, allow
from app.kernel.schema import current_step, is_recent

api = APIBlueprint("health", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="health")])


@api.get("/healthz", responses={200: Anything})
@allow(PUBLIC)
def get_live() -> Response:
    """Say that this process answers."""
    return answer({"status": "ok"})


@api.get("/readyz", responses={200: Anything, 503: Anything})
@allow(PUBLIC)
def get_ready() -> Response:
    """Say whether database, schema and Redis are as they must be, part by part.

    A schema newer than this code is as it must be: it is brought up to date before the code is.
    """
    checks = {
        "migrations": is_recent(current_step(db().connection())),
        "redis": current_app.extensions["redis_is_ready"](),
    }
    ready = all(checks.values())
    return answer({"status": "ok" if ready else "not ready", "database": True, **checks}, 200 if ready else 503)


@api.get("/openapi.json", doc_ui=False)
@allow(PUBLIC)
def get_openapi() -> Response:
    """Give this description."""
    return answer(current_app.extensions["description"]())
