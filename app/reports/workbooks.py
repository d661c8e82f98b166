"""A cost report as a workbook of a spreadsheet: numbers as numbers, and a sheet that says what they are.

No cell is a formula, whatever a model or a person wrote. Called by the reports API.
"""

import io
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.kernel.strict_json import encode
from app.reports.costs import CostReport
from app.reports.documents import FIGURES, cost_document
from app.timekeeping.rules import RULE_VERSION

_NUMBERS: Final = {
    "decisions": "0",
    "items": "0",
    "accepted": "0",
    "active_seconds": "0.000",
    "adjusted_seconds": "0.000",
    "cost": "0.00##",
    "llm_cost": "0.00##",
    "unpriced_seconds": "0.000",
    "llm_unpriced_calls": "0",
}


def cost_workbook(report: CostReport) -> bytes:
    """Return a cost report as a workbook: the lines with their total, and what the report is."""
    document = cost_document(report)
    out = io.BytesIO()
    # Text stays text: nothing that begins with "=" or looks like a link or a number is taken for one.
    settings = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with Workbook(out, settings) as book:
        formats = {name: book.add_format({"num_format": how}) for name, how in _NUMBERS.items()}
        bold = book.add_format({"bold": True})
        sheet = book.add_worksheet("Costs")
        words = list(report.query.group_by)
        sheet.write_row(0, 0, [*words, *FIGURES], bold)
        sheet.freeze_panes(1, 0)
        lines = [(line["group"], line) for line in document["rows"]]
        lines.append(({words[0]: "total"} if words else {}, document["total"]))
        for number, (group, figures) in enumerate(lines, start=1):
            for column, word in enumerate(words):
                sheet.write_string(number, column, group.get(word) or "")
            _write_figures(sheet, number, len(words), figures, formats)
        sheet.autofit()
        _describe(book.add_worksheet("About"), document, report)
    return out.getvalue()


def _write_figures(sheet: Worksheet, row: int, first: int, figures: dict[str, Any], formats: dict[str, Any]) -> None:
    for column, name in enumerate(FIGURES, start=first):
        value = figures[name]
        if value is None:
            continue
        if name in _NUMBERS:
            sheet.write_number(row, column, Decimal(value), formats[name])
        else:
            sheet.write_string(row, column, value)


def _describe(sheet: Worksheet, document: dict[str, Any], report: CostReport) -> None:
    query = report.query
    facts = {
        "As of": document["as_of"],
        "Time zone": query.tz,
        "From": "" if query.since is None else query.since.isoformat(),
        "Until, not included": "" if query.until is None else query.until.isoformat(),
        "Currency": query.currency or "as priced",
        "Rule of counting": str(RULE_VERSION),
        "SHA-256 of the report as JSON": sha256(encode(document)).hexdigest(),
    }
    for row, (name, value) in enumerate(facts.items()):
        sheet.write_string(row, 0, name)
        sheet.write_string(row, 1, value)
    for part in document["parts"]:
        row += 1
        sheet.write_string(row, 0, f"Part: {part['part']}, {part['currency']}")
        sheet.write_number(row, 1, Decimal(part["cost"]))
    sheet.autofit()
