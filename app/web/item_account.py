"""How an item's submission was routed, what it has cost until now, and where its decision went. Called by the item
page.
"""

from typing import Any

from flask import url_for

from app.delivery.models import Delivery
from app.delivery.queries import list_deliveries
from app.edge.context import db, principal, workspace_id
from app.kernel.ids import show
from app.review.queries import read_figures
from app.submissions.models import Submission
from app.web.durations import write_exactly


def account_of(submission: Submission) -> dict[str, Any]:
    """Return {route, cost, deliveries}.

    `route` is {outcome, rules, policy_version, probability}; `cost` is {human, llm: [(amount, currency)],
    unpriced: text or None}; `deliveries` has {what, state, at, tries, page}, the oldest first.
    """
    figures = read_figures(db(), submission_ids=[submission.id])[submission.id]
    rows = list_deliveries(db(), workspace_id=workspace_id(), submission_id=submission.id)
    return {
        "route": {
            "outcome": submission.route_outcome,
            "rules": submission.route_rules,
            "policy_version": submission.policy_version,
            "probability": submission.inclusion_probability,
        },
        "cost": {
            "human": [(amount, currency) for currency, amount in sorted(figures.human.items())],
            "llm": [(amount, currency) for currency, amount in sorted(figures.llm.items())],
            "unpriced": write_exactly(figures.unpriced_ms) if figures.unpriced_ms else None,
        },
        "deliveries": [_delivery(row) for row in rows],
    }


def _delivery(row: Delivery) -> dict[str, Any]:
    shown = show("delivery", row.id)
    page = url_for("delivery_pages.show_delivery", delivery_id=shown) if principal().may("admin") else None
    return {
        "what": row.type.removeprefix("submission."),
        "state": {"parked": "given up", "withdrawn": "taken back"}.get(row.state, row.state),
        "at": row.delivered_at or row.next_attempt_at,
        "tries": row.attempts,
        "page": page,
    }
