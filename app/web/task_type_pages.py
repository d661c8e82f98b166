"""/admin/task-types: kinds of output, each a form with a look at what reviewers will see. For whoever administers.

Saving makes the next version; what came in before is judged under the version that it came in with.
"""

from typing import Any

import orjson
from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import lock_settings
from app.kernel.errors import Conflict
from app.kernel.ids import parse, show
from app.submissions.models import TaskType
from app.submissions.queries import get_task_type, list_task_types
from app.submissions.rules.examples import example_of
from app.submissions.rules.schema import SchemaRefused, check_schema, schema_faults
from app.submissions.service import TaskTypeDefinition, define_task_type
from app.web.access import known_queues
from app.web.markdown import guidelines
from app.web.onward import to
from app.web.schema_form import build_form
from app.web.settings_forms import refused, seen, unknown_fields
from app.web.task_type_form import (
    FIELDS,
    HIGH_RISK_WORDS,
    ON_LAST_TIMEOUT,
    ON_TIMEOUT,
    kept_values,
    posted_values,
    read_definition,
    read_example,
    usual_values,
)

page = Blueprint("task_type_pages", __name__)


class NameInUse(Conflict):
    """There is a task type of this name already; open it to change it."""


@page.get("/admin/task-types")
@allow("admin")
def show_all() -> str:
    """Show every task type in its newest version."""
    return render_template(
        "admin/task_types.html",
        task_types=[
            {
                "name": one.name,
                "url": url_for("task_type_pages.show_one", task_type_id=show("task_type", one.id)),
                "version": one.version,
                "queue": one.queue,
                "sla_seconds": one.sla_ms // 1_000,
                "on_timeout": ON_TIMEOUT[one.on_timeout],
                "approvals": one.approvals_required,
                "double_review_rate": float(one.double_review_rate),
                "created_at": one.created_at,
            }
            for one in list_task_types(db(), workspace_id=workspace_id())
        ],
        new_url=url_for("task_type_pages.show_new"),
    )


@page.get("/admin/task-types/new")
@allow("admin")
def show_new() -> str:
    """Show the form of a task type that is not there yet."""
    return _form(None, usual_values(), {})


@page.get("/admin/task-types/<task_type_id>")
@allow("admin")
def show_one(task_type_id: str) -> str:
    """Show a task type as a form: always its newest version."""
    newest = _newest(task_type_id)
    return _form(newest, kept_values(newest), {})


def _newest(task_type_id: str) -> TaskType:
    found = get_task_type(db(), workspace_id=workspace_id(), task_type_id=parse("task_type", task_type_id))
    return next(one for one in list_task_types(db(), workspace_id=workspace_id()) if one.name == found.name)


def _form(
    task_type: TaskType | None, values: dict[str, Any], faults: dict[str, str], preview: dict[str, Any] | None = None
) -> str:
    shown = None if task_type is None else show("task_type", task_type.id)
    return render_template(
        "admin/task_type.html",
        task_type=None if task_type is None else {"name": task_type.name, "version": task_type.version},
        values=values,
        seen="" if task_type is None else seen(kept_values(task_type), faults),
        queues=known_queues(),
        on_timeout=ON_TIMEOUT,
        on_last_timeout=ON_LAST_TIMEOUT,
        high_risk_checks=HIGH_RISK_WORDS,
        faults=faults,
        problems=unknown_fields(faults, FIELDS),
        preview=preview,
        save_url=url_for("task_type_pages.add")
        if shown is None
        else url_for("task_type_pages.change", task_type_id=shown),
    )


@page.post("/admin/task-types")
@allow("admin")
def add() -> Response | str | tuple[str, int]:
    """Define a task type, or look at its form first."""
    lock_settings(workspace_id())
    return _save(None)


@page.post("/admin/task-types/<task_type_id>")
@allow("admin")
def change(task_type_id: str) -> Response | str | tuple[str, int]:
    """Define the next version of a task type, or look at its form first."""
    lock_settings(workspace_id())
    return _save(_newest(task_type_id))


def _save(task_type: TaskType | None) -> Response | str | tuple[str, int]:
    values = posted_values(None if task_type is None else task_type.name)
    definition, faults = read_definition(values)
    if definition is not None and request.form.get("act") == "preview":
        preview, faults = _preview(definition, values)
        return _form(task_type, values, faults, preview) if not faults else (_form(task_type, values, faults), 422)
    if definition is not None:
        before = None if task_type is None else kept_values(task_type)
        faults = refused(lambda: _define(definition, new=task_type is None), over=before) or {}
    if faults:
        return _form(task_type, values, faults), 422
    return to("task_type_pages.show_all", outcome="defined")


def _define(definition: TaskTypeDefinition, *, new: bool) -> TaskType:
    if new and any(one.name == definition.name for one in list_task_types(db(), workspace_id=workspace_id())):
        raise NameInUse
    return define_task_type(
        db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), definition=definition
    )


def _preview(definition: TaskTypeDefinition, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a reviewer would see of an example, and what is wrong with schema or example."""
    faults: dict[str, str] = {}
    schema_text = orjson.dumps(definition.output_schema).decode()
    try:
        check_schema(schema_text, pointer="/output_schema")
    except SchemaRefused as error:
        return {}, {"output_schema": error.faults[0].detail}
    given = read_example(values, faults)
    if faults:
        return {}, faults
    example = example_of(definition.output_schema) if given is None else given
    found = schema_faults(schema_text, example) if given is not None else []
    return {
        "form": build_form(definition.output_schema, example, {}, {}, "output", faults=found),
        "made_up": given is None,
        "guidelines": guidelines(definition.guidelines),
    }, {}
