"""/reports/costs: what review costs, as one chart and its table."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request, url_for

from app.costs.queries import list_report_currencies
from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import allow
from app.kernel.errors import Invalid
from app.kernel.seconds import seconds_text
from app.reports.cost_query import GROUPS, CostQuery, CostRow, check_currency
from app.reports.costs import CostReport, read_costs
from app.reports.handling import read_handling
from app.reports.people import names_of_people
from app.submissions.rules.task_type import USUAL_CAP_SECONDS
from app.web.charts import BarChart, Row, horizontal_bars
from app.web.durations import write_exactly
from app.web.zones import asked_day, chosen_zone, midnight, zone_choices

page = Blueprint("costs", __name__)
_LABELS: Final = {
    "task_type": "Task type",
    "queue": "Queue",
    "person": "Person",
    "model": "Model",
    "prompt_version": "Prompt version",
    "rule": "Rule",
    "risk": "Risk",
    "outcome": "Outcome",
    "day": "Day",
    "week": "Week",
    "month": "Month",
}


_PARTS: Final = {
    "llm": "Models",
    "review": "Reviews with a verdict",
    "audit": "Checks of what would have passed",
    "unproductive": "Skipped, put back, lost or run out",
    "outside": "Time outside of items",
}


@page.get("/reports/costs")
@allow("reports")
def show() -> str:
    """Show the cost report."""
    faults: dict[str, str] = {}
    group = request.args.get("group_by", "task_type")
    if group not in GROUPS:
        faults["group_by"], group = "Choose one of the list.", "task_type"
    zone = chosen_zone(faults)
    days = [asked_day(name, faults) for name in ("since", "until")]
    since, until = (None if day is None else midnight(day, ZoneInfo(zone)) for day in days)
    currency = _currency(faults)
    query = CostQuery(group_by=(group,), since=since, until=until, tz=zone, as_of=now(), currency=currency)
    report = read_costs(db(), workspace_id=workspace_id(), query=query)
    names = _names(group)
    asked = {name: request.args.get(name, "") for name in ("since", "until")}
    return render_template(
        "costs/show.html",
        filters={"group_by": group, "tz": zone, "currency": currency or "", **asked},
        currency_choices=sorted(list_report_currencies(db(), workspace_id=workspace_id()) | {currency or "EUR"}),
        exchanges=report.exchanges,
        rates_url=url_for("rate_pages.show_all") if principal().may("rates") else None,
        group_choices=[{"value": w, "label": label} for w, label in _LABELS.items()],
        tz_choices=zone_choices(zone),
        faults=faults,
        chart=_chart(report, group, names),
        parts=_parts(report),
        accepted=report.total.accepted,
        group_label=_LABELS[group],
        rows=[line for row in report.rows for line in _lines(row, _label(row, group, names), _ledger_url(query, row))],
        totals=_lines(report.total, "Total", _ledger_url(query, report.total)),
        files=_files(query),
        handling=_handling(query),
        unpriced_seconds=_seconds(report.total.unpriced_ms),
        as_of=query.as_of.astimezone(ZoneInfo(zone)),
        cap_seconds=USUAL_CAP_SECONDS,
    )


def _currency(faults: dict[str, str]) -> str | None:
    """Return the currency that all is to be converted into, None for that of each price."""
    try:
        return check_currency(request.args.get("currency") or None)
    except Invalid:
        faults["currency"] = "This currency is not known."
        return None


def _handling(query: CostQuery) -> list[dict[str, Any]]:
    """Return how long reviews of the period took, by what came of them."""
    found = read_handling(db(), workspace_id=workspace_id(), query=replace(query, group_by=("outcome",)))
    return [
        {
            "outcome": row.group["outcome"],
            "reviews": row.reviews,
            "median": write_exactly(round(row.median_ms)),
            "mean": write_exactly(round(row.mean_ms)),
            "trimmed": write_exactly(round(row.trimmed_ms)),
            "p90": write_exactly(round(row.p90_ms)),
            "share": f"{row.trimmed_share:.0%}",
        }
        for row in found
    ]


def _files(query: CostQuery) -> list[tuple[str, str]]:
    """Return the files that one may take away, with their words."""
    of_costs = f"?{urlencode(_arguments(query))}"
    of_days = f"?{urlencode({k: v for k, v in _arguments(query).items() if k not in {'group_by', 'currency'}})}"
    return [
        ("CSV", url_for("reports.get_costs_csv") + of_costs),
        ("Workbook", url_for("reports.get_costs_xlsx") + of_costs),
        ("Hours for payroll", url_for("reports.get_payroll") + of_days),
        ("Journal entries", url_for("reports.get_journal") + of_days),
    ]


def _ledger_url(query: CostQuery, row: CostRow) -> str:
    """Return where the lines of a row are, of the same period."""
    asked: dict[str, Any] = {name: text for name in ("since", "until") if (text := request.args.get(name))}
    asked |= {word: value or "" for word, value in row.group.items()}
    return url_for("ledger_page.show", tz=query.tz, **asked)


def _arguments(query: CostQuery) -> dict[str, str]:
    wanted = {"group_by": query.group_by[0], "tz": query.tz}
    if query.since is not None:
        wanted["since"] = query.since.isoformat()
    if query.until is not None:
        wanted["until"] = query.until.isoformat()
    if query.currency is not None:
        wanted["currency"] = query.currency
    return wanted


def _names(group: str) -> dict[str, str]:
    """Return what stands for an id in the table."""
    return names_of_people(db(), workspace_id=workspace_id()) if group == "person" else {}


def _label(row: CostRow, group: str, names: dict[str, str]) -> str:
    value = row.group.get(group)
    return "(none)" if value is None else names.get(value, value)


def _lines(row: CostRow, label: str, ledger_url: str) -> list[dict[str, Any]]:
    """Return a line per currency; counts stand in the first, so that every column still adds up."""
    lines = []
    currencies: list[str | None] = [*sorted(row.cost), *sorted(row.llm_cost.keys() - row.cost.keys())]
    for n, currency in enumerate(currencies or [None]):
        cost = None if currency is None else row.cost.get(currency)
        llm_cost = None if currency is None else row.llm_cost.get(currency)
        each = None if cost is None or not row.decisions else (cost / row.decisions).quantize(Decimal("0.0001"))
        lines.append(
            {
                "label": label,
                "ledger_url": ledger_url if n == 0 and (row.active_ms or row.amounts) else None,
                "decisions": row.decisions if n == 0 else None,
                "items": row.items if n == 0 else None,
                "accepted": row.accepted if n == 0 else None,
                "active_seconds": float(seconds_text(row.active_ms)) if n == 0 else None,
                "cost": None if cost is None else f"{cost:f}",
                "llm_cost": None if llm_cost is None else f"{llm_cost:f}",
                "llm_unpriced": row.llm_unpriced if n == 0 else 0,
                "currency": currency,
                "cost_per_decision": None if each is None else f"{each:f}",
                "unpriced_seconds": _seconds(row.unpriced_ms) if n == 0 else 0,
            }
        )
    return lines


def _seconds(ms: int) -> int:
    """Return whole seconds, but one where there is any time: what is unpriced is never silent."""
    return max(1, ms // 1_000) if ms else 0


def _parts(report: CostReport) -> list[dict[str, Any]]:
    """Return for each currency a chart of what its cost is made of, the whole, and what an accepted output costs."""
    found = []
    for currency in dict.fromkeys(part.currency for part in report.parts):
        parts = [part for part in report.parts if part.currency == currency]
        whole = sum((part.cost for part in parts), Decimal(0))
        rows = [Row(_PARTS[part.name], part.cost, f"{part.cost:f} {currency}") for part in parts]
        accepted = report.total.accepted
        each = (whole / accepted).quantize(Decimal("0.0001")) if accepted else None
        found.append(
            {
                "currency": currency,
                "whole": f"{whole:f}",
                "each": None if each is None else f"{each:f}",
                "chart": horizontal_bars(rows, title=f"What it is made of, in {currency}"),
            }
        )
    return found


def _chart(report: CostReport, group: str, names: dict[str, str]) -> BarChart | None:
    if len(report.total.cost) != 1:
        return None
    (currency,) = report.total.cost
    rows = [
        Row(
            label=_label(row, group, names),
            value=row.amounts.get(currency, Decimal(0)),
            value_text=f"{row.cost.get(currency, Decimal(0)):f} {currency}",
            note="unpriced" if row.unpriced_ms else "",
        )
        for row in report.rows
        if currency in row.cost
    ]
    return horizontal_bars(rows, title=f"Cost of review by {_LABELS[group].lower()}")
