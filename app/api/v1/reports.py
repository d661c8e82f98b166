"""/api/v1/reports: what review and models cost, for programs, spreadsheets, payroll and the books. Scope: reports.

Each file says as of when it is, in which zone, by which rule, and what its bytes come to (RFC 9530).
"""

from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Anything, Problem
from app.api.v1.shapes.reports import CostsQuery, HandlingQuery, JournalQuery, LedgerQuery, PeriodQuery
from app.edge.context import db, now, workspace_id
from app.edge.guard import allow
from app.kernel.instants import instant_text
from app.reports.cost_query import GROUPS, CostQuery, check_currency, check_groups
from app.reports.costs import CostReport, read_costs
from app.reports.documents import cost_csv, cost_document, handling_document, line_document
from app.reports.handling import check_handling_groups, read_handling
from app.reports.ledger import list_lines
from app.reports.payroll import Accounts, journal_csv, payroll_csv
from app.reports.workbooks import cost_workbook
from app.timekeeping.rules import RULE_VERSION

TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CSV: Final[dict[Any, Any]] = {200: {"content": {TYPES["csv"]: {"schema": {"type": "string"}}}}}
XLSX: Final[dict[Any, Any]] = {200: {"content": {TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}}}}}

api = APIBlueprint(
    "reports",
    __name__,
    url_prefix="/api/v1/reports",
    abp_tags=[Tag(name="reports")],
    abp_security=[{"key": []}],
    abp_responses={401: Problem, 403: Problem, 422: Problem},
)


@api.get("/costs", responses={200: Anything})
@allow("reports", by_session=True)
def get_costs(query: CostsQuery) -> Response:
    """Report what review cost, grouped as asked."""
    return answer(cost_document(_report(query)))


@api.get("/costs.csv", responses=CSV)
@allow("reports", by_session=True)
def get_costs_csv(query: CostsQuery) -> Response:
    """The same as a table for spreadsheets."""
    report = _report(query)
    return _file(cost_csv(report).encode(), "costs.csv", report.query)


@api.get("/costs.xlsx", responses=XLSX)
@allow("reports", by_session=True)
def get_costs_xlsx(query: CostsQuery) -> Response:
    """The same as a workbook, numbers as numbers."""
    report = _report(query)
    return _file(cost_workbook(report), "costs.xlsx", report.query)


@api.get("/ledger", responses={200: Anything})
@allow("reports", by_session=True)
def get_ledger(query: LedgerQuery) -> Response:
    """List the lines that a number of the cost report is made of, the latest first."""
    asked = _period(query)
    group = {word: text for word in GROUPS if (text := getattr(query, word)) is not None}
    page = list_lines(
        db(), workspace_id=workspace_id(), query=asked, group=group, limit=query.limit, cursor=query.cursor
    )
    rows = [line_document(line) for line in page.rows]
    return answer(
        {
            "data": rows,
            "has_more": page.has_more,
            "next_cursor": page.next_cursor,
            "as_of": instant_text(asked.as_of),
            "tz": asked.tz,
        }
    )


@api.get("/handling", responses={200: Anything})
@allow("reports", by_session=True)
def get_handling(query: HandlingQuery) -> Response:
    """Report how long reviews take: mean, median, ninetieth percentile and trimmed mean of their active time."""
    words = check_handling_groups([w for w in query.group_by.split(",") if w])
    asked = _period(query)
    rows = read_handling(db(), workspace_id=workspace_id(), query=replace(asked, group_by=words))
    documents = [handling_document(row) for row in rows]
    return answer({"rows": documents, "as_of": instant_text(asked.as_of), "tz": asked.tz})


@api.get("/payroll.csv", responses=CSV)
@allow("reports", by_session=True)
def get_payroll(query: PeriodQuery) -> Response:
    """Each person's hours on each day, as CSV."""
    asked = _period(query)
    return _file(payroll_csv(db(), workspace_id=workspace_id(), query=asked).encode(), "payroll.csv", asked)


@api.get("/journal.csv", responses=CSV)
@allow("reports", by_session=True)
def get_journal(query: JournalQuery) -> Response:
    """What review cost as balanced journal entries, as CSV."""
    asked = _period(query)
    accounts = Accounts(query.debit_account, query.credit_account)
    written = journal_csv(db(), workspace_id=workspace_id(), query=asked, accounts=accounts)
    return _file(written.encode(), "journal.csv", asked)


def _file(content: bytes, name: str, query: CostQuery) -> Response:
    response = Response(content, mimetype=TYPES[name.rpartition(".")[2]])
    response.headers["Content-Disposition"] = f'attachment; filename="proofdesk-{name}"'
    response.headers["Proofdesk-As-Of"] = instant_text(query.as_of)
    response.headers["Proofdesk-Time-Zone"] = query.tz
    response.headers["Proofdesk-Rule"] = str(RULE_VERSION)
    response.headers["Repr-Digest"] = f"sha-256=:{b64encode(sha256(content).digest()).decode()}:"
    return response


def _period(query: PeriodQuery | LedgerQuery) -> CostQuery:
    return CostQuery(group_by=(), since=query.since, until=query.until, tz=query.tz, as_of=query.as_of or now())


def _report(query: CostsQuery) -> CostReport:
    words = [w for w in query.group_by.split(",") if w]
    wanted = CostQuery(
        group_by=check_groups(words),
        since=query.since,
        until=query.until,
        tz=query.tz,
        as_of=query.as_of or now(),
        currency=check_currency(query.currency),
    )
    return read_costs(db(), workspace_id=workspace_id(), query=wanted)
