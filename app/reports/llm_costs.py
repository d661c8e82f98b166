"""What the models cost, beside what review cost, and how many outputs came to be used. Called by cost reports.

Calls that failed and were billed count, and so do those of outputs that were rejected.
"""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.queue.models import Item, Queue
from app.reports.cost_query import NOBODY, CostQuery, CostRow, Key, columns, within
from app.reports.exchanging import Exchanger, exchanged_on
from app.reports.ledger_lines import LLM_LINES
from app.submissions.models import Submission, TaskType

# An output that is used as it came, or as a person corrected it.
ACCEPTED: Final = ("passed", "approved", "corrected")


def add_llm(
    session: Session, *, workspace_id: UUID, query: CostQuery, row: Callable[[Key], CostRow], exchanger: Exchanger
) -> None:
    """Add to each line what its models cost: as reported, else by the list as far as it was known.

    A report by person is of people alone: no model's cost is anybody's.
    """
    if "person" in query.group_by:
        return
    lines = LLM_LINES.c
    groups = columns(query, at=lines.at, person=NOBODY, outcome=Submission.status)
    priced = case((lines.priced_at <= query.as_of, lines.amount))
    sums = (
        select(
            *groups,
            exchanged_on(query.currency, lines.at),
            case((priced.is_not(None), lines.currency)).label("priced_in"),
            func.sum(priced),
            func.count().filter(priced.is_(None)),
        )
        .select_from(LLM_LINES)
        .join(Submission, Submission.id == lines.submission_id)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .outerjoin(Item, Item.submission_id == Submission.id)
        .outerjoin(Queue, Queue.id == Item.queue_id)
        .where(lines.workspace_id == workspace_id, *within(query, lines.at, lines.recorded_at))
        .group_by(*groups, "exchanged_on", "priced_in")
    )
    for *key, day, currency, amount, unpriced in session.execute(sums):
        line = row(tuple(key))
        line.llm_unpriced += int(unpriced)
        if currency is not None:
            exchanger.add(line.llm_amounts, amount, currency, day)


def add_accepted(session: Session, *, workspace_id: UUID, query: CostQuery, row: Callable[[Key], CostRow]) -> None:
    """Add to each line how many outputs that came in then were let pass, approved or corrected; not by person."""
    if "person" in query.group_by:
        return
    groups = columns(query, at=Submission.created_at, person=NOBODY, outcome=Submission.status)
    counts = (
        select(*groups, func.count())
        .select_from(Submission)
        .join(TaskType, TaskType.id == Submission.task_type_id)
        .outerjoin(Item, Item.submission_id == Submission.id)
        .outerjoin(Queue, Queue.id == Item.queue_id)
        .where(
            Submission.workspace_id == workspace_id,
            Submission.status.in_(ACCEPTED),
            *within(query, Submission.created_at, Submission.created_at),
        )
    )
    for *key, accepted in session.execute(counts.group_by(*groups) if groups else counts):
        if accepted:
            row(tuple(key)).accepted += int(accepted)
