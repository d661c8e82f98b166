"""/api/v1/keys: programs' keys; a key is shown once, when it is made. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import KeyIn
from app.api.v1.shapes.parts import Anything, IdPath, PageQuery, Problem
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.identity.queries import KeyRow, list_keys
from app.identity.service import create_key, revoke_key
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "keys",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="keys")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/keys", responses={201: Anything})
@allow("admin")
def post(body: KeyIn) -> Response:
    """Make a key; the answer holds it, this once."""
    person_id = None if body.person is None else parse("person", body.person)
    made = create_key(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        scopes=body.scopes,
        name=body.name,
        person_id=person_id,
        expires_at=body.expires_at,
    )
    return answer({"id": show("key", made.key_id), "prefix": made.prefix, "key": made.text}, 201)


@api.get("/keys", responses={200: Anything})
@allow("admin")
def get_all(query: PageQuery) -> Response:
    """List keys by their public prefix."""
    page = list_keys(db(), workspace_id=workspace_id(), cursor=query.cursor, limit=query.limit)
    rows = [_document(k) for k in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.delete("/keys/<id>", responses={200: Anything})
@allow("admin")
def delete(path: IdPath) -> Response:
    """Revoke a key; it stops working with the next call."""
    revoke_key(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), key_id=parse("key", path.id))
    return answer({"id": path.id, "revoked": True})


def _document(key: KeyRow) -> dict[str, Any]:
    def text(at: Any) -> str | None:
        return None if at is None else instant_text(at)

    return {
        "id": show("key", key.id),
        "name": key.name,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "person": None if key.person_id is None else show("person", key.person_id),
        "created_at": text(key.created_at),
        "expires_at": text(key.expires_at),
        "revoked_at": text(key.revoked_at),
        "last_used_at": text(key.last_used_at),
    }
