"""What review cost: active time and its price, by the things that one may ask for, and what the models cost beside it.

Every number is a sum over lines of the ledger, so the rows of a report add up to its total to the millisecond and,
after rounding by largest remainder, to the currency's smallest unit. Skipped, released and expired work is in it.
Time without a rate is unpriced and never counted as free. Called by the costs page and the reports API.
"""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import distinct, func, literal, select
from sqlalchemy.orm import Session

from app.kernel.money import EXACT, round_rows
from app.queue.models import Claim, Item, Queue
from app.reports.cost_parts import Part, read_parts
from app.reports.cost_query import CostQuery, CostRow, Key, columns, shown, within
from app.reports.exchanging import Exchanger, Used, exchanged_on
from app.reports.ledger import OUTCOME, lines_of
from app.reports.ledger_lines import LINES
from app.reports.llm_costs import add_accepted, add_llm
from app.review.models import Decision
from app.submissions.models import Submission, TaskType


@dataclass(frozen=True)
class CostReport:
    """The lines and their sum, what it is made of, and the exchange rates that were used or were missing."""

    query: CostQuery
    rows: list[CostRow]
    total: CostRow
    parts: list[Part]
    exchanges: list[Used]


def read_costs(session: Session, *, workspace_id: Any, query: CostQuery) -> CostReport:
    """Return the cost report of a workspace."""
    rows: dict[Key, CostRow] = {}
    exchanger = Exchanger.read(session, workspace_id=workspace_id, currency=query.currency, as_of=query.as_of)

    def row(key: Key) -> CostRow:
        if key not in rows:
            rows[key] = CostRow(
                dict(zip(query.group_by, (shown(w, v) for w, v in zip(query.group_by, key, strict=True)), strict=True))
            )
        return rows[key]

    _add_time(session, workspace_id, query, row, exchanger)
    _add_decisions(session, workspace_id, query, row)
    add_llm(session, workspace_id=workspace_id, query=query, row=row, exchanger=exchanger)
    add_accepted(session, workspace_id=workspace_id, query=query, row=row)
    ordered = sorted(rows.values(), key=lambda r: tuple(str(v or "") for v in r.group.values()))
    total = _total(session, workspace_id, query, ordered)
    _round(ordered, total)
    parts = read_parts(session, workspace_id=workspace_id, query=query, exchanger=exchanger, total=total)
    return CostReport(query, ordered, total, parts, exchanger.used())


def _add_time(session: Session, workspace_id: Any, query: CostQuery, row: Any, exchanger: Exchanger) -> None:
    groups = columns(query, at=LINES.c.dated_at, person=LINES.c.person_id, outcome=OUTCOME)
    sums = lines_of(
        workspace_id,
        query,
        *groups,
        exchanged_on(query.currency, LINES.c.dated_at),
        LINES.c.currency,
        func.coalesce(func.sum(LINES.c.ms).filter(LINES.c.kind.in_(("active", "adjustment"))), 0),
        func.coalesce(func.sum(LINES.c.ms).filter(LINES.c.kind == "adjustment"), 0),
        func.sum(LINES.c.unpriced_ms),
        func.sum(LINES.c.amount),
    ).group_by(*groups, "exchanged_on", LINES.c.currency)
    for *key, day, currency, ms, adjusted_ms, unpriced_ms, amount in session.execute(sums):
        line = row(tuple(key))
        line.active_ms += int(ms)
        line.adjusted_ms += int(adjusted_ms)
        line.unpriced_ms += int(unpriced_ms)
        if currency is not None:
            exchanger.add(line.amounts, amount, currency, day)
    counts = lines_of(workspace_id, query, *groups, func.count(distinct(Claim.item_id)))
    for *key, items in session.execute(counts.group_by(*groups) if groups else counts):
        if items:
            row(tuple(key)).items = items


def _add_decisions(session: Session, workspace_id: Any, query: CostQuery, row: Any) -> None:
    groups = columns(query, at=Decision.decided_at, person=Claim.person_id, outcome=Decision.status)
    counts = (
        select(*groups, func.count())
        .select_from(Decision)
        .join(Item, Item.id == Decision.item_id)
        .join(Queue, Queue.id == Item.queue_id)
        .join(Submission, Submission.id == Decision.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .outerjoin(Claim, Claim.id == Decision.claim_id)
        .where(
            Decision.workspace_id == workspace_id,
            Decision.stands,
            *within(query, Decision.decided_at, Decision.decided_at),
        )
    )
    for *key, decisions in session.execute(counts.group_by(*groups) if groups else counts):
        if decisions:
            row(tuple(key)).decisions = decisions


def _total(session: Session, workspace_id: Any, query: CostQuery, rows: list[CostRow]) -> CostRow:
    """Add the lines up. An item can stand in several lines, so items are counted anew."""
    total = CostRow({})
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    models: dict[str, Decimal] = defaultdict(Decimal)
    for r in rows:
        total.decisions += r.decisions
        total.active_ms += r.active_ms
        total.adjusted_ms += r.adjusted_ms
        total.unpriced_ms += r.unpriced_ms
        total.accepted += r.accepted
        total.llm_unpriced += r.llm_unpriced
        for currency, amount in r.amounts.items():
            amounts[currency] = EXACT.add(amounts[currency], amount)
        for currency, amount in r.llm_amounts.items():
            models[currency] = EXACT.add(models[currency], amount)
    total.amounts, total.llm_amounts = dict(amounts), dict(models)
    items = lines_of(workspace_id, query, func.count(distinct(Claim.item_id)), literal(0))
    total.items = session.execute(items).one()[0]
    return total


def _round(rows: list[CostRow], total: CostRow) -> None:
    _round_each(rows, total, lambda r: r.amounts, lambda r: r.cost)
    _round_each(rows, total, lambda r: r.llm_amounts, lambda r: r.llm_cost)


def _round_each(
    rows: list[CostRow],
    total: CostRow,
    exact: Callable[[CostRow], dict[str, Decimal]],
    rounded: Callable[[CostRow], dict[str, Decimal]],
) -> None:
    """Round the amounts of each currency so that the rows add up to the total."""
    for currency in sorted(exact(total)):
        having = [r for r in rows if currency in exact(r)]
        amounts = round_rows([exact(r)[currency] for r in having], currency)
        for r, cost in zip(having, amounts, strict=True):
            rounded(r)[currency] = cost
        rounded(total)[currency] = sum(amounts, Decimal(0))
