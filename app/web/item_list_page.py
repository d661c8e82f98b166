"""/items: every item, narrowed by what is known of it and by the words in it; what is asked for often can be saved.

Words are looked up only for those who may read contents. A reviewer sees the items of her queues.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import SIGNED_IN, allow
from app.identity.queries import list_views
from app.identity.rules import BadName
from app.identity.service import TooManyViews, remove_view, save_view
from app.kernel.ids import NoSuchId, parse
from app.kernel.ids import show as show_id
from app.queue.rules import STATES
from app.reports.item_list import Listed, Wanted, list_items
from app.submissions.queries import list_task_types, search_question
from app.submissions.rules.status import STATUSES
from app.web.access import known_queues
from app.web.onward import to
from app.web.queue_pages import own_queues
from app.web.zones import asked_day, midnight, my_zone

page = Blueprint("item_list_page", __name__)
ROWS: Final = 50
_FIELD: Final = 200
_TEXTS: Final[tuple[str, ...]] = (
    "q",
    "state",
    "status",
    "queue",
    "task_type",
    "model",
    "external_id",
    "risk",
    "since",
    "until",
)


@page.get("/items")
@allow(SIGNED_IN)
def show() -> str:
    """Show items, the newest first."""
    return _page({})


def _page(faults: dict[str, str], *, typed_name: str = "") -> str:
    asked, mine = _asked(), own_queues()
    wanted = _wanted(asked, mine, faults)
    found = [] if wanted is None else _found(wanted)
    rows, more = found[:ROWS], len(found) > ROWS
    older = {**asked, "before": show_id("item", rows[-1].item_id)} if more else None
    return render_template(
        "items/list.html",
        asked=asked,
        faults=faults,
        rows=[_row(row) for row in rows],
        choices=_choices(mine),
        reads=principal().may("read"),
        reviews=principal().may("review"),
        older_url=None if older is None else _list_url(older),
        newest_url=_list_url(asked) if "before" in request.args else None,
        views=[_view(view.id, view.name, view.wanted, asked) for view in _views()],
        typed_name=typed_name,
        urls={
            "all": url_for("item_list_page.show"),
            "save": _list_url(asked, "save"),
            "select": url_for("selection.preview"),
        },
    )


def _list_url(asked: Mapping[str, str], view: str = "show") -> str:
    """Return the address of a view under these filters."""
    query: dict[str, Any] = dict(asked)
    return url_for(f"item_list_page.{view}", **query)


def _asked() -> dict[str, str]:
    """Return the filters of the query that say something."""
    given = {name: request.args.get(name, "").strip()[:_FIELD] for name in _TEXTS}
    return {name: text for name, text in given.items() if text}


def _wanted(asked: dict[str, str], mine: tuple[str, ...] | None, faults: dict[str, str]) -> Wanted | None:
    """Return what is wanted; None when a filter cannot be read; the faults say which."""
    question = None
    if "q" in asked and principal().may("read"):
        question = search_question(db(), workspace_id=workspace_id(), text=asked["q"])
        if question is None:
            faults["q"] = "Write a word to look for. What came in a moment ago can be found in a quarter of a minute."
            return None
    since, until = (_begins(name, faults) for name in ("since", "until"))
    if faults:
        return None
    return Wanted(
        question=question,
        state=asked.get("state"),
        status=asked.get("status"),
        queue=asked.get("queue"),
        task_type=asked.get("task_type"),
        model=asked.get("model"),
        external_id=asked.get("external_id"),
        high_risk={"high": True, "other": False}.get(asked.get("risk", "")),
        since=since,
        # The last day is meant with all its hours.
        until=None if until is None else until + timedelta(days=1),
        queues=mine,
    )


def _begins(name: str, faults: dict[str, str]) -> datetime | None:
    """Return when the day begins that a filter names, by the reader's time zone."""
    day = asked_day(name, faults)
    if day is None:
        return None
    if not 2000 <= day.year <= 2199:
        faults[name] = "Give a year from 2000 to 2199."
        return None
    return midnight(day, my_zone())


def _found(wanted: Wanted) -> list[Listed]:
    try:
        before = parse("item", request.args["before"]) if "before" in request.args else None
    except NoSuchId:
        before = None
    return list_items(db(), workspace_id=workspace_id(), wanted=wanted, before=before, limit=ROWS + 1)


def _row(row: Listed) -> dict[str, Any]:
    shown = show_id("item", row.item_id)
    return {
        "id": shown,
        "url": url_for("item_page.show", item_id=shown),
        "task_type": row.task_type,
        "external_id": row.external_id,
        "state": row.state,
        "status": row.status,
        "queue": row.queue,
        "priority": row.priority,
        "confidence": None if row.confidence is None else float(row.confidence),
        "model": row.model,
        "high_risk": row.high_risk,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "due_seconds": (row.due_at - now()).total_seconds(),
        "selectable": row.state == "waiting" and not row.high_risk,
    }


def _choices(mine: tuple[str, ...] | None) -> dict[str, list[str]]:
    return {
        "state": list(STATES),
        "status": [status for status in STATUSES if status not in {"waiting", "passed", "blocked"}],
        "queue": [name for name in known_queues() if mine is None or name in mine],
        "task_type": [one.name for one in list_task_types(db(), workspace_id=workspace_id())],
    }


def _views() -> Any:
    return list_views(db(), workspace_id=workspace_id(), person_id=person_id())


def _view(view_id: UUID, name: str, wanted: dict[str, str], asked: dict[str, str]) -> dict[str, Any]:
    known = {key: wanted[key] for key in _TEXTS if key in wanted}
    return {
        "name": name,
        "url": _list_url(known),
        "current": known == asked,
        "remove_url": url_for("item_list_page.remove", view_id=show_id("view", view_id)),
    }


@page.post("/items/views")
@allow(SIGNED_IN)
def save() -> AnyResponse | tuple[str, int]:
    """Keep the filters of the query under a name."""
    asked, name = _asked(), request.form.get("name", "")
    try:
        save_view(
            db(),
            now=now(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            person_id=person_id(),
            name=name,
            wanted=asked,
        )
    except BadName as error:
        return _page({"name": f"A name {error.faults[0].detail}."}, typed_name=name[:_FIELD]), 422
    except TooManyViews as error:
        return _page({"name": error.detail}, typed_name=name[:_FIELD]), 409
    return to("item_list_page.show", outcome="view_saved", **asked)


@page.post("/items/views/<view_id>/remove")
@allow(SIGNED_IN)
def remove(view_id: str) -> AnyResponse:
    """Forget a view."""
    remove_view(
        db(),
        now=now(),
        actor=principal().actor,
        workspace_id=workspace_id(),
        person_id=person_id(),
        view_id=parse("view", view_id),
    )
    return to("item_list_page.show", outcome="view_removed")
