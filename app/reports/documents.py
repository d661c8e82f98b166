"""Cost reports, their lines and how long reviews take, as JSON; costs as CSV too. Called by the reports API."""

from decimal import Decimal
from typing import Any, Final

from app.kernel.ids import show
from app.kernel.instants import instant_text
from app.kernel.seconds import seconds_text
from app.reports.cost_query import CostRow
from app.reports.costs import CostReport
from app.reports.exchanging import Used
from app.reports.handling import HandlingRow
from app.reports.ledger import KINDS, LedgerLine
from app.reports.tables import csv_table

#: What a table of costs says of each group, in this order.
FIGURES: Final = (
    *("decisions", "items", "accepted", "active_seconds", "adjusted_seconds", "cost", "llm_cost", "currency"),
    *("unpriced_seconds", "llm_unpriced_calls"),
)


def cost_rows(row: CostRow) -> list[dict[str, Any]]:
    """Return a line, JSON-ready: once per currency, and without a currency when nothing of it is priced.

    Counts, seconds and unpriced seconds stand in the first of several, so that every column still adds up.
    """
    lines = []
    currencies: list[str | None] = [*_currencies(row)]
    for n, currency in enumerate(currencies or [None]):
        first = n == 0
        lines.append(
            {
                "group": row.group,
                "decisions": row.decisions if first else 0,
                "items": row.items if first else 0,
                "active_seconds": seconds_text(row.active_ms if first else 0),
                "adjusted_seconds": seconds_text(row.adjusted_ms if first else 0),
                "cost": _text(row.cost.get(currency)) if currency else None,
                "llm_cost": _text(row.llm_cost.get(currency)) if currency else None,
                "llm_unpriced_calls": row.llm_unpriced if first else 0,
                "accepted": row.accepted if first else 0,
                "currency": currency,
                "unpriced_seconds": seconds_text(row.unpriced_ms if first else 0),
            }
        )
    return lines


def cost_document(report: CostReport) -> dict[str, Any]:
    """Return a cost report, JSON-ready. `total` is one line; several currencies stand in `by_currency`.

    `parts` add up to review and models together, in each currency.
    """
    total = report.total
    by_currency: list[dict[str, Any]] = [
        {"currency": c, "cost": _text(total.cost.get(c)), "llm_cost": _text(total.llm_cost.get(c))}
        for c in _currencies(total)
    ]
    # Models are often paid in another currency than people; what review cost is one number all the same.
    one = len(total.cost or total.llm_cost) == 1
    single = by_currency[0] if one else {"currency": None, "cost": None, "llm_cost": None}
    return {
        "rows": [line for row in report.rows for line in cost_rows(row)],
        "total": {
            "decisions": total.decisions,
            "items": total.items,
            "accepted": total.accepted,
            "active_seconds": seconds_text(total.active_ms),
            "adjusted_seconds": seconds_text(total.adjusted_ms),
            **single,
            "unpriced_seconds": seconds_text(total.unpriced_ms),
            "llm_unpriced_calls": total.llm_unpriced,
            "by_currency": by_currency,
        },
        "parts": [{"part": part.name, "currency": part.currency, "cost": _text(part.cost)} for part in report.parts],
        "exchange_rates": [_exchange(one, report.query.currency) for one in report.exchanges],
        "as_of": instant_text(report.query.as_of),
        "tz": report.query.tz,
    }


def _currencies(row: CostRow) -> list[str]:
    """Return the currencies of a line, those of review first."""
    return [*sorted(row.cost), *sorted(row.llm_cost.keys() - row.cost.keys())]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def line_document(line: LedgerLine) -> dict[str, Any]:
    """Return a line of the ledger, JSON-ready; its cost has all six places."""
    return {
        "id": show(KINDS[line.kind], line.id),
        "kind": line.kind,
        "at": instant_text(line.at),
        "dated_at": instant_text(line.dated_at),
        "posted_at": instant_text(line.posted_at),
        "person": show("person", line.person_id),
        "claim": None if line.claim_id is None else show("claim", line.claim_id),
        "item": None if line.item_id is None else show("item", line.item_id),
        "task_type": line.task_type,
        "external_id": line.external_id,
        "outcome": line.outcome,
        "seconds": seconds_text(line.ms),
        "unpriced_seconds": seconds_text(line.unpriced_ms),
        "rate_card": None if line.rate_card_id is None else show("rate_card", line.rate_card_id),
        "cost": _text(line.amount),
        "currency": line.currency,
    }


def handling_document(row: HandlingRow) -> dict[str, Any]:
    """Return how long a group's reviews take, JSON-ready: seconds as text, the share as a number."""
    return {
        "group": row.group,
        "reviews": row.reviews,
        "mean_seconds": seconds_text(round(row.mean_ms)),
        "median_seconds": seconds_text(round(row.median_ms)),
        "p90_seconds": seconds_text(round(row.p90_ms)),
        "trimmed_mean_seconds": seconds_text(round(row.trimmed_ms)),
        "trimmed_share": round(row.trimmed_share, 4),
    }


def _exchange(one: Used, currency: str | None) -> dict[str, Any]:
    """Return an exchange rate that a report used, or one that it lacked: then `rate` is null."""
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


def cost_csv(report: CostReport) -> str:
    """Return a cost report as CSV, the total last."""
    words, document = list(report.query.group_by), cost_document(report)
    lines = [([line["group"].get(word) or "" for word in words], line) for line in document["rows"]]
    lines.append((["total", *[""] * len(words)][: len(words)], document["total"]))
    rows = ([*group, *("" if line[name] is None else str(line[name]) for name in FIGURES)] for group, line in lines)
    return csv_table([*words, *FIGURES], rows)
