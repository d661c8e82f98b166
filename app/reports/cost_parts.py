"""What the cost of a period is made of: reviews that came to a verdict, those that did not, checks, and the models.

Those of review add up to the report's total to the currency's smallest unit, and that of the models is its other total.
Called by cost reports.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import case, func
from sqlalchemy.orm import Session

from app.kernel.money import round_rows
from app.reports.cost_query import CostQuery, CostRow
from app.reports.exchanging import Exchanger, exchanged_on
from app.reports.ledger import lines_of
from app.reports.ledger_lines import LINES
from app.review.models import Vote
from app.submissions.models import Submission

# Those of review, in the order in which they are shown.
PARTS: Final = ("review", "audit", "unproductive", "outside")


@dataclass(frozen=True)
class Part:
    """A part of the whole in one currency.

    llm: what models cost. review: claims with a verdict. audit: the same, of outputs that would have passed and were
    picked at random. unproductive: claims that were skipped, put back, lost or ran out. outside: time of no item.
    """

    name: str
    currency: str
    cost: Decimal


def read_parts(
    session: Session, *, workspace_id: UUID, query: CostQuery, exchanger: Exchanger, total: CostRow
) -> list[Part]:
    """Return the parts of a report's total, those that are nothing left out."""
    audited = Submission.route_rules[0]["kind"].astext == "audit"
    # A verdict makes the difference, not how the claim ended: one that came late belongs to a claim that ran out.
    part = case(
        (LINES.c.claim_id.is_(None), "outside"),
        (Vote.id.is_(None), "unproductive"),
        (audited, "audit"),
        else_="review",
    ).label("part")
    day = exchanged_on(query.currency, LINES.c.dated_at)
    sums = (
        lines_of(workspace_id, query, part, day, LINES.c.currency, func.sum(LINES.c.amount))
        .where(LINES.c.currency.is_not(None))
        .group_by("part", "exchanged_on", LINES.c.currency)
    )
    by_part: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for name, on, currency, amount in session.execute(sums):
        exchanger.add(by_part[name], amount, currency, on)
    return [
        part
        for currency in sorted({*total.cost, *total.llm_cost})
        for part in (*_of_models(currency, total), *_rounded(currency, by_part))
    ]


def _of_models(currency: str, total: CostRow) -> list[Part]:
    cost = total.llm_cost.get(currency)
    return [Part("llm", currency, cost)] if cost else []


def _rounded(currency: str, by_part: dict[str, dict[str, Decimal]]) -> list[Part]:
    names = [name for name in PARTS if by_part[name].get(currency)]
    costs = round_rows([by_part[name][currency] for name in names], currency)
    return [Part(name, currency, cost) for name, cost in zip(names, costs, strict=True)]
