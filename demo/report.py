"""Print a cost report on a terminal.

It shows the figures exactly as the service gave them; no sum and no rounding happens here. Text that came from
outside is printed as text, never as markup. Called by the command line with the answer of GET /reports/costs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

_FIGURES: Final = {
    "accepted": "Accepted",
    "decisions": "Decisions",
    "items": "Items",
    "active_seconds": "Active seconds",
    "cost": "Cost",
    "currency": "",
    "unpriced_seconds": "Unpriced seconds",
}


def print_cost_report(console: Console, report_json: Mapping[str, Any]) -> None:
    """Print rows and total as one table; a figure that the report does not know is a dash, never a zero."""
    rows: Sequence[Mapping[str, Any]] = report_json["rows"]
    groups = list(dict.fromkeys(name for row in rows for name in row["group"]))
    table = Table(title="What review cost", show_footer=False)
    for name in groups:
        table.add_column(name.replace("_", " ").capitalize(), overflow="fold")
    for figure, heading in _FIGURES.items():
        table.add_column(heading, justify="left" if figure == "currency" else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(_cell(row["group"].get(name)) for name in groups), *_figures(row))
    table.add_section()
    for number, total in enumerate(_totals(report_json["total"])):
        names = ["Total" if number == 0 else "", *[""] * (len(groups) - 1)] if groups else []
        table.add_row(*map(_bold, names), *_figures(total), style="bold")
    console.print(table)
    if as_of := report_json.get("as_of"):
        console.print(Text(f"As of {as_of}", style="dim"))


def _totals(total: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The total, and below it the money of each currency when there are several."""
    currencies = total.get("by_currency") or ()
    return [total, *currencies] if len(currencies) > 1 else [total]


def _figures(row: Mapping[str, Any]) -> list[Text]:
    return [_cell(row.get(figure)) for figure in _FIGURES]


def _cell(value: Any) -> Text:
    return Text("–" if value is None or value == "" else str(value))


def _bold(value: str) -> Text:
    return Text(value, style="bold")
