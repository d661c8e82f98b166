"""/api/v1/task-types: define kinds of output. Posting a known name makes its next version. Scope: admin."""

from decimal import Decimal
from typing import Any

import orjson
from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.admin import TaskTypeIn
from app.api.v1.shapes.parts import Anything, IdPath, Problem
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import parse, show
from app.kernel.instants import instant_text
from app.queue.rules import read_steps, step_documents
from app.submissions.models import TaskType
from app.submissions.queries import get_task_type, list_task_types
from app.submissions.service import TaskTypeDefinition, define_task_type

api = APIBlueprint(
    "task_types",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="task types")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 404: Problem, 422: Problem},
)


@api.post("/task-types", responses={201: Anything})
@allow("admin")
def post(body: TaskTypeIn) -> Response:
    """Define a task type, or the next version of one."""
    task_type = define_task_type(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        definition=TaskTypeDefinition(
            name=body.name,
            output_schema=body.output_schema,
            guidelines=body.guidelines,
            reason_codes=body.reason_codes,
            sla_ms=body.sla,
            on_timeout=body.on_timeout,
            on_last_timeout=body.on_last_timeout,
            escalation=read_steps([step.model_dump() for step in body.escalation]),
            approvals_required=body.approvals_required,
            rejections_required=body.rejections_required,
            double_review_rate=Decimal(str(body.double_review_rate)),
            max_reviewers=body.max_reviewers,
            unskippable=body.unskippable,
            high_risk_check=body.high_risk_check,
            queue=body.queue,
            undo_ms=body.undo_seconds * 1000,
            claim_ms=body.claim_seconds * 1000,
            cap_ms=body.cap_seconds * 1000,
            grant_ms=body.grant_seconds * 1000,
        ),
    )
    return answer(_document(task_type), 201)


@api.get("/task-types", responses={200: Anything})
@allow("admin")
def get_all() -> Response:
    """List the newest version of every task type."""
    rows = [_document(t) for t in list_task_types(db(), workspace_id=workspace_id())]
    return answer({"data": rows, "has_more": False, "next_cursor": None})


@api.get("/task-types/<id>", responses={200: Anything})
@allow("admin")
def get(path: IdPath) -> Response:
    """Read one version of a task type."""
    task_type = get_task_type(db(), workspace_id=workspace_id(), task_type_id=parse("task_type", path.id))
    return answer(_document(task_type))


def _document(task_type: TaskType) -> dict[str, Any]:
    return {
        "id": show("task_type", task_type.id),
        "name": task_type.name,
        "version": task_type.version,
        "output_schema": orjson.loads(task_type.output_schema),
        "guidelines": task_type.guidelines,
        "reason_codes": task_type.reason_codes,
        "sla_seconds": task_type.sla_ms // 1000,
        "on_timeout": task_type.on_timeout,
        "on_last_timeout": task_type.on_last_timeout,
        "escalation": step_documents(task_type.escalation),
        "approvals_required": task_type.approvals_required,
        "rejections_required": task_type.rejections_required,
        "double_review_rate": float(task_type.double_review_rate),
        "max_reviewers": task_type.max_reviewers,
        "unskippable": task_type.unskippable,
        "high_risk_check": task_type.high_risk_check,
        "queue": task_type.queue,
        "undo_seconds": task_type.undo_ms // 1000,
        "claim_seconds": task_type.claim_ms // 1000,
        "cap_seconds": task_type.cap_ms // 1000,
        "grant_seconds": task_type.grant_ms // 1000,
        "created_at": instant_text(task_type.created_at),
    }
