"""The lines of the ledger, one by one, as the numbers of a cost report are made of them.

The latest first, in pages. Time that was open and not counted has no line here: it is in no number. Called by cost
reports, and by the page and the API that open a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, case, select, tuple_
from sqlalchemy.orm import Session

from app.identity.models import Person
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import NoSuchId, parse
from app.kernel.paging import Page, read_cursor, write_cursor
from app.queue.models import Claim, Item, Queue
from app.reports.cost_query import CostQuery, expressions, within
from app.reports.ledger_lines import LINES
from app.review.models import Vote
from app.submissions.models import Submission, TaskType

#: The status that a verdict alone would give.
STATUS_OF_VERB: Final = {"approve": "approved", "correct": "corrected", "reject": "rejected", "respond": "answered"}
#: What came of a claim: its verdict, or how it ended without one.
OUTCOME: Final = case(STATUS_OF_VERB, value=Vote.verb, else_=Claim.outcome)
#: The outside kind of a line's id.
KINDS: Final = {"active": "time_entry", "piece": "piece_entry", "adjustment": "adjusting_entry"}


class BadFilter(Invalid):
    """A number is opened by the words of its group."""


@dataclass(frozen=True)
class LedgerLine:
    """A line of the ledger. `amount` is at six places; None is unpriced, or time that a claim alone does not price."""

    id: UUID
    kind: str
    at: datetime
    dated_at: datetime
    posted_at: datetime
    person_id: UUID
    person: str
    claim_id: UUID | None
    item_id: UUID | None
    task_type: str | None
    external_id: str | None
    outcome: str | None
    ms: int
    unpriced_ms: int
    rate_card_id: UUID | None
    currency: str | None
    amount: Decimal | None


def lines_of(workspace_id: Any, query: CostQuery, *columns: Any) -> Any:
    """Return a query for columns of a period's lines, and of what they are about."""
    return (
        select(*columns)
        .select_from(LINES)
        # Outer joins: time outside of items belongs to no claim.
        .outerjoin(Claim, Claim.id == LINES.c.claim_id)
        .outerjoin(Item, Item.id == Claim.item_id)
        .outerjoin(Queue, Queue.id == Item.queue_id)
        .outerjoin(Submission, Submission.id == Item.submission_id)
        .outerjoin(TaskType, TaskType.id == Submission.task_type_id)
        .outerjoin(Vote, Vote.claim_id == Claim.id)
        .where(LINES.c.workspace_id == workspace_id, *within(query, LINES.c.dated_at, LINES.c.posted_at))
    )


def list_lines(
    session: Session,
    *,
    workspace_id: UUID,
    query: CostQuery,
    group: Mapping[str, str],
    limit: int,
    cursor: str | None = None,
) -> Page[LedgerLine]:
    """Return a page of the lines that a number is made of, the latest first.

    Args:
        group: What the number is of, by words of GROUPS, as reports show it; "" is what has none.

    Raises:
        BadFilter: a day or a person that there cannot be.
        BadCursor: `cursor` was not made here.
    """
    about = (
        *(LINES.c.id, LINES.c.kind, LINES.c.at, LINES.c.dated_at, LINES.c.posted_at, LINES.c.person_id, Person.name),
        *(LINES.c.claim_id, Claim.item_id, TaskType.name, Submission.external_id, OUTCOME, LINES.c.ms),
        *(LINES.c.unpriced_ms, LINES.c.rate_card_id, LINES.c.currency, LINES.c.amount),
    )
    place = tuple_(LINES.c.dated_at, LINES.c.id)
    wanted = (
        lines_of(workspace_id, query, *about)
        .join(Person, Person.id == LINES.c.person_id)
        .where(LINES.c.kind != "idle_in_claim", *_of_group(query.tz, group))
        .order_by(LINES.c.dated_at.desc(), LINES.c.id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        wanted = wanted.where(place < read_cursor(cursor))
    rows = [LedgerLine(*row) for row in session.execute(wanted)]
    more = write_cursor(rows[limit - 1].dated_at, rows[limit - 1].id) if len(rows) > limit else None
    return Page(rows[:limit], more)


def _of_group(tz: str, group: Mapping[str, str]) -> list[ColumnElement[bool]]:
    known = expressions(tz, at=LINES.c.dated_at, person=LINES.c.person_id, outcome=OUTCOME)
    return [known[word].is_(None) if text == "" else known[word] == _value(word, text) for word, text in group.items()]


def _value(word: str, text: str) -> Any:
    if word == "person":
        try:
            return parse("person", text)
        except NoSuchId:
            raise BadFilter(faults=[Fault("person", "takes the id of a person, p_...")]) from None
    if word in {"day", "week"}:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise BadFilter(faults=[Fault(word, "takes a day such as 2026-01-31")]) from None
    return text
