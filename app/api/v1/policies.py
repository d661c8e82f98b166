"""/api/v1/policies: write the rules of a task type, and publish them. Scope: admin."""

from typing import Any

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import PolicyIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, principal, strict_request, workspace_id
from app.edge.guard import allow
from app.identity.queries import needs_second_publisher
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.routing.models import Policy
from app.routing.queries import get_policy, list_policies
from app.routing.service import draft_policy, publish_policy

api = APIBlueprint(
    "policies",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="policies")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 409: Problem, 422: Problem},
)


@api.post("/policies", responses={201: Anything})
@allow("admin")
def post(body: PolicyIn) -> Response:  # noqa: ARG001  # the domain reads the document itself, with its own faults
    """Keep a policy as a draft; its rules are checked now, and do nothing until it is published."""
    policy = draft_policy(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=principal().person_id,
        document=strict_request().document,
    )
    return answer(_document(policy), 201)


@api.post("/policies/<id>/publish", responses={200: Anything})
@allow("admin")
def post_publish(path: IdPath) -> Response:
    """Put a policy in force, after its own tests have passed."""
    policy = publish_policy(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=principal().person_id,
        policy_id=parse("policy", path.id),
        second_person=needs_second_publisher(db(), workspace_id=workspace_id()),
    )
    return answer(_document(policy))


@api.get("/policies", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List every version of every policy."""
    rows = [_document(p) for p in list_policies(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/policies/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one version of a policy."""
    return answer(_document(get_policy(db(), workspace_id=workspace_id(), policy_id=parse("policy", path.id))))


def _document(policy: Policy) -> dict[str, Any]:
    return {
        **policy.document,
        "id": show("policy", policy.id),
        "task_type": policy.task_type,
        "version": policy.version,
        "status": "draft" if policy.published_at is None else "published",
        "created_at": instant_text(policy.created_at),
        "published_at": None if policy.published_at is None else instant_text(policy.published_at),
    }
