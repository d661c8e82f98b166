"""/admin/queues: say how each queue is worked. For whoever runs queues."""

from typing import Any, Final

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.edge.versions import lock_settings
from app.kernel.ids import NoSuchId, parse, show
from app.queue.models import Queue
from app.queue.queries import get_queue, list_calendars, list_queue_settings
from app.queue.service import QueueSettings, UnknownCalendar, add_queue, change_queue
from app.web.durations import read_duration, write_duration
from app.web.onward import to
from app.web.settings_forms import faults_of, lines, refused, seen, typed, unknown_fields

page = Blueprint("queue_settings", __name__)
POLICIES: Final = {
    "me_last": "It comes back to whoever skipped it, after everything else",
    "others": "It goes to others only",
    "lead": "It goes to a lead",
}
_DURATIONS: Final = {"half_life": "half_life_ms", "soon": "soon_ms", "lapse": "lapse_ms"}
_FIELDS: Final = ("name", "calendar", *_DURATIONS, "skip_reasons", "skip_policy", "relaxations")
# How many relaxations the form has room for: those that there are, and two more.
_MORE: Final = 2
MOST_STEPS: Final = 10
NO_LENGTH: Final = "Give a length of time such as 90 min, 4 h or 1 d."


@page.get("/admin/queues")
@allow("run_queues")
def show_all() -> str:
    """Show every queue with its settings in short."""
    return _list({})


def _list(faults: dict[str, str]) -> str:
    calendars = {c.id: c.name for c in list_calendars(db(), workspace_id=workspace_id())}
    return render_template(
        "admin/queues.html",
        queues=[
            {
                "name": q.name,
                "url": url_for("queue_settings.show_one", queue_id=show("queue", q.id)),
                "calendar": None if q.calendar_id is None else calendars[q.calendar_id],
                "order": "by value" if q.value_order else "by deadline",
                "skipping": POLICIES[q.skip_policy],
                "steps": len(q.relaxations),
                "paused_at": q.paused_at,
            }
            for q in list_queue_settings(db(), workspace_id=workspace_id())
        ],
        add_url=url_for("queue_settings.add"),
        name=typed("name"),
        faults=faults,
        problems=unknown_fields(faults, ("name",)),
    )


@page.post("/admin/queues")
@allow("run_queues")
def add() -> Response | tuple[str, int]:
    """Make a queue under the usual settings, and go on to them."""
    name = typed("name")
    if not name:
        return _list({"name": "Give the queue a name."}), 422
    made: list[Queue] = []
    settings = QueueSettings(name=name[:200])

    def change() -> None:
        made.append(add_queue(db(), now=now(), actor=principal().actor, workspace_id=workspace_id(), settings=settings))

    faults = refused(change)
    if faults is not None:
        return _list(faults), 422
    return to("queue_settings.show_one", queue_id=show("queue", made[0].id), outcome="added")


@page.get("/admin/queues/<queue_id>")
@allow("run_queues")
def show_one(queue_id: str) -> str:
    """Show the settings of a queue as a form."""
    queue = get_queue(db(), workspace_id=workspace_id(), queue_id=parse("queue", queue_id))
    return _form(queue, _values(queue), {})


def _form(queue: Queue, values: dict[str, Any], faults: dict[str, str]) -> str:
    queue_id = show("queue", queue.id)
    return render_template(
        "admin/queue.html",
        queue={"name": queue.name, "paused_at": queue.paused_at, "reordering": queue.rekey_from is not None},
        values=values,
        seen=seen(_values(queue), faults),
        calendars=[
            {"id": show("calendar", c.id), "name": c.name} for c in list_calendars(db(), workspace_id=workspace_id())
        ],
        policies=POLICIES,
        faults=faults,
        problems=unknown_fields(faults, _FIELDS),
        change_url=url_for("queue_settings.change", queue_id=queue_id),
        queue_url=url_for("queue_pages.show_one", queue_id=queue_id),
    )


def _values(queue: Queue) -> dict[str, Any]:
    steps = [
        {
            "after": write_duration(r["after_ms"]),
            "drop": "\n".join(r.get("drop", [])),
            "candidates": bool(r.get("candidates")),
        }
        for r in queue.relaxations
    ]
    return {
        "calendar": None if queue.calendar_id is None else show("calendar", queue.calendar_id),
        "value_order": queue.value_order,
        **{field: write_duration(getattr(queue, column)) for field, column in _DURATIONS.items()},
        "skip_policy": queue.skip_policy,
        "skip_reasons": "\n".join(queue.skip_reasons),
        "steps": _with_room(steps),
        "paused": queue.paused_at is not None,
    }


def _with_room(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = [{"after": "", "drop": "", "candidates": False} for _ in range(_MORE)]
    return [*steps, *empty][:MOST_STEPS]


@page.post("/admin/queues/<queue_id>")
@allow("run_queues")
def change(queue_id: str) -> Response | tuple[str, int]:
    """Change how a queue is worked."""
    parsed = parse("queue", queue_id)
    lock_settings(parsed)
    queue = get_queue(db(), workspace_id=workspace_id(), queue_id=parsed)
    values = _posted()
    settings, faults = _settings(queue, values)
    if settings is not None:
        faults = (
            refused(
                lambda: change_queue(
                    db(),
                    now=now(),
                    actor=principal().actor,
                    workspace_id=workspace_id(),
                    queue_id=queue.id,
                    settings=settings,
                ),
                over=_values(queue),
            )
            or {}
        )
    if faults:
        return _form(queue, values, faults), 422
    return to("queue_settings.show_one", queue_id=queue_id, outcome="changed")


def _posted() -> dict[str, Any]:
    """Return what was posted, in the shape of the form's values."""
    steps = []
    for number in range(MOST_STEPS):
        step = {
            "after": typed(f"after.{number}"),
            "drop": "\n".join(lines(f"drop.{number}")),
            "candidates": f"candidates.{number}" in request.form,
        }
        if any(step.values()):
            steps.append(step)
    return {
        "calendar": typed("calendar") or None,
        "value_order": "value_order" in request.form,
        **{field: typed(field) for field in _DURATIONS},
        "skip_policy": typed("skip_policy"),
        "skip_reasons": "\n".join(lines("skip_reasons")),
        "steps": _with_room(steps),
        "paused": "paused" in request.form,
    }


def _settings(queue: Queue, values: dict[str, Any]) -> tuple[QueueSettings | None, dict[str, str]]:
    """Return the settings that a form describes, or what is wrong with it."""
    faults: dict[str, str] = {}
    lengths = {column: read_duration(values[field]) for field, column in _DURATIONS.items()}
    faults |= {field: NO_LENGTH for field, column in _DURATIONS.items() if lengths[column] is None}
    steps = [step for step in values["steps"] if any(step.values())]
    after = [read_duration(step["after"]) for step in steps]
    if None in after:
        faults["relaxations"] = NO_LENGTH
    if values["skip_policy"] not in POLICIES:
        faults["skip_policy"] = "Choose one of these."
    calendar_id = None
    try:
        calendar_id = None if values["calendar"] is None else parse("calendar", values["calendar"])
    except NoSuchId:
        faults |= faults_of(UnknownCalendar.at_field())
    if faults:
        return None, faults
    return QueueSettings(
        name=queue.name,
        calendar_id=calendar_id,
        value_order=values["value_order"],
        skip_policy=values["skip_policy"],
        skip_reasons=[reason[:200] for reason in values["skip_reasons"].splitlines()][:50],
        relaxations=[
            {"after_ms": ms, "drop": step["drop"].splitlines(), "candidates": step["candidates"]}
            for ms, step in zip(after, steps, strict=True)
        ],
        paused=values["paused"],
        **{column: ms for column, ms in lengths.items() if ms is not None},
    ), {}
