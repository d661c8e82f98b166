"""A cost report as JSON and as CSV. Called by the reports API and the costs page."""

import csv
import io
from typing import Any, Final

from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text
from app.reports.costs import CostReport, CostRow
from app.reports.exchanging import Used

# A spreadsheet takes a cell that begins so for a formula; an apostrophe makes it text again.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def cost_rows(row: CostRow) -> list[dict[str, Any]]:
    """Return a line, JSON-ready: once per currency, and without a currency when nothing of it is priced.

    Counts, seconds and unpriced seconds stand in the first of several, so that every column still adds up.
    """
    lines = []
    for n, currency in enumerate(sorted(row.cost) or [None]):
        first = n == 0
        lines.append(
            {
                "group": row.group,
                "decisions": row.decisions if first else 0,
                "items": row.items if first else 0,
                "active_seconds": seconds_text(row.active_ms if first else 0),
                "adjusted_seconds": seconds_text(row.adjusted_ms if first else 0),
                "cost": None if currency is None else f"{row.cost[currency]:f}",
                "currency": currency,
                "unpriced_seconds": seconds_text(row.unpriced_ms if first else 0),
            }
        )
    return lines


def cost_document(report: CostReport) -> dict[str, Any]:
    """Return a cost report, JSON-ready. `total` is one line; several currencies stand in `by_currency`."""
    by_currency = [{"currency": c, "cost": f"{report.total.cost[c]:f}"} for c in sorted(report.total.cost)]
    single = by_currency[0] if len(by_currency) == 1 else {"currency": None, "cost": None}
    return {
        "rows": [line for row in report.rows for line in cost_rows(row)],
        "total": {
            "decisions": report.total.decisions,
            "items": report.total.items,
            "active_seconds": seconds_text(report.total.active_ms),
            "adjusted_seconds": seconds_text(report.total.adjusted_ms),
            "cost": single["cost"],
            "currency": single["currency"],
            "unpriced_seconds": seconds_text(report.total.unpriced_ms),
            "by_currency": by_currency,
        },
        "exchange_rates": [_exchange(one, report.query.currency) for one in report.exchanges],
        "as_of": instant_text(report.query.as_of),
        "tz": report.query.tz,
    }


def _exchange(one: Used, currency: str | None) -> dict[str, Any]:
    """Return a rate of exchange that a report used, or one that it lacked: then `rate` is null."""
    return {
        "from": one.from_currency,
        "to": currency,
        "rate": None if one.rate is None else f"{one.rate.normalize():f}",
        "inverse": one.inverse,
        "date": None if one.on is None else one.on.isoformat(),
        "source": one.source,
        "first_day": one.first.isoformat(),
        "last_day": one.last.isoformat(),
    }


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs as a formula."""
    bare = text.lstrip("\ufeff \x00\u00a0")
    return f"'{text}" if bare.startswith(_FORMULA) else text


def cost_csv(report: CostReport) -> str:
    """Return a cost report as CSV: every cell quoted, formulas defused, the total last."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    words = list(report.query.group_by)
    figures = ["decisions", "items", "active_seconds", "adjusted_seconds", "cost", "currency", "unpriced_seconds"]
    writer.writerow([*words, *figures])
    document = cost_document(report)
    for line in document["rows"]:
        groups = [safe_cell(line["group"].get(w) or "") for w in words]
        writer.writerow([*groups, *("" if line[f] is None else line[f] for f in figures)])
    total = document["total"]
    label = ["total", *[""] * (len(words) - 1)] if words else []
    writer.writerow([*label, *("" if total[f] is None else total[f] for f in figures)])
    return out.getvalue()
