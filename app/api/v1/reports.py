"""/api/v1/reports: what review costs, as JSON or CSV. Scope: reports."""

from flask import Response
from flask_openapi3 import APIBlueprint, Tag

from app.api.v1.answers import answer
from app.api.v1.shapes.parts import Anything, Problem
from app.api.v1.shapes.reports import CostsQuery
from app.edge.context import db, now, workspace_id
from app.edge.guard import allow
from app.reports.cost_query import CostQuery, check_currency, check_groups
from app.reports.costs import CostReport, read_costs
from app.reports.documents import cost_csv, cost_document

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


@api.get("/costs.csv", responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
@allow("reports", by_session=True)
def get_costs_csv(query: CostsQuery) -> Response:
    """The same as a table for spreadsheets."""
    response = Response(cost_csv(_report(query)), mimetype="text/csv")
    response.headers["Content-Disposition"] = 'attachment; filename="proofdesk-costs.csv"'
    return response


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
