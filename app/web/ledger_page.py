"""/reports/ledger: a number of the cost report, opened: the lines that it is the sum of."""

from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.ids import show as show_id
from app.reports.cost_query import GROUPS, CostQuery
from app.reports.ledger import LedgerLine, list_lines
from app.reports.people import names_of_people
from app.web.durations import write_exactly
from app.web.zones import asked_day, chosen_zone, midnight

page = Blueprint("ledger_page", __name__)
SHOWN: Final = 100
_LONGEST: Final = 200
_KINDS: Final = {"active": "time", "piece": "item", "adjustment": "adjustment"}


@page.get("/reports/ledger")
@allow("reports")
def show() -> str:
    """Show the lines of a number, the latest first."""
    faults: dict[str, str] = {}
    zone = chosen_zone(faults)
    since, until = (
        None if day is None else midnight(day, ZoneInfo(zone))
        for day in (asked_day(name, faults) for name in ("since", "until"))
    )
    query = CostQuery(group_by=(), since=since, until=until, tz=zone, as_of=now())
    group = {word: text[:_LONGEST] for word in GROUPS if (text := request.args.get(word)) is not None}
    found = list_lines(
        db(),
        workspace_id=workspace_id(),
        query=query,
        group=group,
        limit=SHOWN,
        cursor=request.args.get("cursor") or None,
    )
    asked: dict[str, Any] = {
        name: request.args[name] for name in ("since", "until", "tz", *GROUPS) if name in request.args
    }
    return render_template(
        "costs/ledger.html",
        about=_about(group),
        since=asked.get("since", ""),
        until=asked.get("until", ""),
        faults=faults,
        lines=[_line(one) for one in found.rows],
        as_of=query.as_of.astimezone(ZoneInfo(zone)),
        zone=zone,
        next_url=url_for("ledger_page.show", **asked, cursor=found.next_cursor) if found.has_more else None,
        back_url=f"{url_for('costs.show')}?{urlencode({n: v for n, v in asked.items() if n not in GROUPS})}",
    )


def _about(group: dict[str, str]) -> list[tuple[str, str]]:
    names = names_of_people(db(), workspace_id=workspace_id()) if "person" in group else {}
    return [(word.replace("_", " "), names.get(text, text) or "(none)") for word, text in group.items()]


def _line(one: LedgerLine) -> dict[str, Any]:
    may_open = principal().may("read") or principal().may("review")
    item_id = one.item_id if may_open else None
    return {
        "kind": _KINDS[one.kind],
        "at": one.at,
        "dated_at": None if one.dated_at == one.at else one.dated_at,
        "person": one.person,
        "task_type": one.task_type,
        "external_id": one.external_id,
        "item_url": None if item_id is None else url_for("item_page.show", item_id=show_id("item", item_id)),
        "outcome": one.outcome,
        "time": ("-" if one.ms < 0 else "") + write_exactly(abs(one.ms)),
        "cost": None if one.amount is None else f"{one.amount:f}",
        "currency": one.currency,
        "unpriced": one.unpriced_ms != 0,
    }
