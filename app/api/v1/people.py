"""/api/v1/people: who reviews, leads, pays, audits or administers in this workspace. Scope: admin; access also by
whoever runs queues.
"""

from typing import Any
from uuid import UUID

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer, tagged
from app.api.v1.shapes.admin import PersonIn
from app.api.v1.shapes.parts import Anything, IdPath, PageQuery, Problem
from app.api.v1.shapes.people import AccessIn
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import check_unchanged
from app.identity.queries import MembershipRow, get_membership, list_people
from app.identity.service import AccessChange, change_access, create_person
from app.kernel.errors import Forbidden
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text

api = APIBlueprint(
    "people",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="people")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


class RolesAreForAdmins(Forbidden):
    """Only whoever administers the workspace changes roles and vendors."""


@api.post("/people", responses={201: Anything})
@allow("admin")
def post(body: PersonIn) -> Response:
    """Give somebody a place in this workspace."""
    person_id = create_person(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        email=body.email,
        name=body.name,
        roles=body.roles,
        skills=body.skills,
        queues=body.queues,
        vendor=body.vendor,
    )
    return tagged(_read(person_id), 201)


@api.get("/people", responses={200: Anything})
@allow("admin")
def get_all(query: PageQuery) -> Response:
    """List the people of this workspace."""
    page = list_people(db(), workspace_id=workspace_id(), cursor=query.cursor, limit=query.limit)
    rows = [_document(m) for m in page.rows]
    return answer({"data": rows, "has_more": page.has_more, "next_cursor": page.next_cursor})


@api.get("/people/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one person of this workspace."""
    return tagged(_read(parse("person", path.id)))


@api.patch("/people/<id>", responses={200: Anything})
@allow("run_queues", by_session=True)
def patch(path: IdPath, body: AccessIn) -> Response:
    """Change what a person may work and how much she may have in hand; roles and vendor only by an admin."""
    if {"roles", "vendor"} & body.model_fields_set and not principal().may("admin"):
        raise RolesAreForAdmins
    person_id = parse("person", path.id)
    check_unchanged(workspace_id(), lambda: _read(person_id))
    change_access(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id,
        change=AccessChange(
            roles=body.roles,
            skills=body.skills,
            queues=body.queues,
            capacity=body.capacity,
            unlimited="capacity" in body.model_fields_set and body.capacity is None,
            vendor=body.vendor,
            own="vendor" in body.model_fields_set and body.vendor is None,
        ),
    )
    return tagged(_read(person_id))


def _read(person_id: UUID) -> dict[str, Any]:
    return _document(get_membership(db(), workspace_id=workspace_id(), person_id=person_id))


def _document(member: MembershipRow) -> dict[str, Any]:
    person = member.person
    return {
        "id": show("person", person.id),
        "email": person.email,
        "name": person.name,
        "roles": list(member.roles),
        "skills": list(member.skills),
        "queues": list(member.queues),
        "capacity": member.capacity,
        "vendor": member.vendor,
        "groups": [{"id": show("group", g.id), "name": g.name} for g in member.groups],
        "disabled_at": None if person.disabled_at is None else instant_text(person.disabled_at),
        "created_at": instant_text(member.created_at),
    }
