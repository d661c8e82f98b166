"""/api/v1/groups: people who share skills and queues. Scope: admin; at the desk also leads."""

from typing import Any
from uuid import UUID

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer, tagged
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.api.v1.shapes.people import GroupIn
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged
from app.identity.models import Group
from app.identity.queries import list_group_members, list_groups
from app.identity.service import GroupTerms, NotMembers, change_group, create_group, delete_group, get_group
from app.kernel.errors import Fault
from app.kernel.ids import NoSuchId, parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "groups",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="people")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/groups", responses={201: Anything})
@allow("run_queues", by_session=True)
def post(body: GroupIn) -> Response:
    """Make a group."""
    group = create_group(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), terms=_terms(body))
    return tagged(_document(group), 201)


@api.get("/groups", responses={200: Anything})
@allow("run_queues", by_session=True)
def get_all() -> Response:
    """List the groups of this workspace, by name."""
    rows = [_document(group) for group in list_groups(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/groups/<id>", responses={200: Anything})
@allow("run_queues", by_session=True)
def get(path: IdPath) -> Response:
    """Read a group."""
    return tagged(_read(path))


@api.put("/groups/<id>", responses={200: Anything})
@allow("run_queues", by_session=True)
def put(path: IdPath, body: GroupIn) -> Response:
    """Put other terms and members in the place of a group's old ones."""
    check_unchanged(_id(path), lambda: _read(path))
    group = change_group(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        group_id=_id(path),
        terms=_terms(body),
    )
    return tagged(_document(group))


@api.delete("/groups/<id>", responses={200: Anything})
@allow("run_queues", by_session=True)
def delete(path: IdPath) -> Response:
    """Take a group away; its members lose what it gave them."""
    check_unchanged(_id(path), lambda: _read(path))
    delete_group(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), group_id=_id(path))
    return answer({"id": path.id, "deleted": True})


def _read(path: IdPath) -> dict[str, Any]:
    return _document(get_group(db(), workspace_id=workspace_id(), group_id=_id(path)))


def _id(path: IdPath) -> UUID:
    return parse("group", path.id)


def _terms(body: GroupIn) -> GroupTerms:
    members = tuple(_member(position, member) for position, member in enumerate(body.members))
    return GroupTerms(body.name, tuple(body.skills), tuple(body.queues), members)


def _member(position: int, text: str) -> UUID:
    try:
        return parse("person", text)
    except NoSuchId as error:
        raise NotMembers(faults=[Fault(f"/members/{position}", "is nobody of this workspace")]) from error


def _document(group: Group) -> dict[str, Any]:
    members = list_group_members(db(), group_id=group.id)
    return {
        "id": show("group", group.id),
        "name": group.name,
        "skills": list(group.skills),
        "queues": list(group.queues),
        "members": [show("person", member) for member in members],
        "created_at": instant_text(group.created_at),
    }
