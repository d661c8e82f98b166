"""What review cost: active time and its price, by the things that one may ask for.

Every number is a sum over lines of the ledger, so the rows of a report add up to its total to the millisecond and,
after rounding by largest remainder, to the currency's smallest unit. Skipped, released and expired work is in it.
Time without a rate is unpriced and never counted as free. Called by the costs page and the reports API.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, case, cast, distinct, func, literal, null, select
from sqlalchemy.orm import Session

from app.kernel.errors import Fault, Invalid
from app.kernel.ids import show
from app.kernel.money import EXACT, minor_units, round_rows
from app.queue.models import Claim, Item, Queue
from app.reports.exchanging import Exchanger, Used
from app.reports.ledger_lines import LINES
from app.review.models import Decision, Vote
from app.submissions.models import Submission, TaskType

GROUPS: Final = ("task_type", "queue", "person", "model", "prompt_version", "rule", "outcome", "day")
_STATUS_OF_VERB: Final = {"approve": "approved", "correct": "corrected", "reject": "rejected", "respond": "answered"}
Key = tuple[Any, ...]


class UnknownGroup(Invalid):
    """A cost report is grouped by one or more of its known words."""


class UnknownReportCurrency(Invalid):
    """A report is in the currencies of its prices, or in one of ISO 4217."""


@dataclass(frozen=True)
class CostQuery:
    """What is asked. Periods are half-open; `tz` is the zone whose days are meant; `as_of` is what was known then.

    With a `currency`, what was priced in another is converted, each day by its rate; what has none stays as it is.
    """

    group_by: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    tz: str
    as_of: datetime
    currency: str | None = None


@dataclass
class CostRow:
    """One line. `amounts` by currency at six places, `cost` the same rounded to the smallest unit.

    `active_ms` is what was measured, corrected by `adjusted_ms`, which may be below zero.
    """

    group: dict[str, str | None]
    decisions: int = 0
    items: int = 0
    active_ms: int = 0
    adjusted_ms: int = 0
    unpriced_ms: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    cost: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class CostReport:
    """The lines and their sum, and the rates of exchange that were used or were missing."""

    query: CostQuery
    rows: list[CostRow]
    total: CostRow
    exchanges: list[Used]


def check_groups(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of a grouping once each.

    Raises:
        UnknownGroup: one is not known.
    """
    unknown = [w for w in words if w not in GROUPS]
    if unknown:
        raise UnknownGroup(faults=[Fault("group_by", f"takes {', '.join(GROUPS)}")])
    return tuple(dict.fromkeys(words))


def check_currency(code: str | None) -> str | None:
    """Return a currency to report in, or None.

    Raises:
        UnknownReportCurrency: there is no such currency.
    """
    try:
        minor_units(code or "EUR")
    except Invalid:
        raise UnknownReportCurrency(faults=[Fault("currency", "is not a currency of ISO 4217")]) from None
    return code


def read_costs(session: Session, *, workspace_id: Any, query: CostQuery) -> CostReport:
    """Return the cost report of a workspace."""
    rows: dict[Key, CostRow] = {}
    exchanger = Exchanger.read(session, workspace_id=workspace_id, currency=query.currency, as_of=query.as_of)

    def row(key: Key) -> CostRow:
        if key not in rows:
            rows[key] = CostRow(
                dict(zip(query.group_by, (_shown(w, v) for w, v in zip(query.group_by, key, strict=True)), strict=True))
            )
        return rows[key]

    _add_time(session, workspace_id, query, row, exchanger)
    _add_decisions(session, workspace_id, query, row)
    ordered = sorted(rows.values(), key=lambda r: tuple(str(v or "") for v in r.group.values()))
    total = _total(session, workspace_id, query, ordered)
    _round(ordered, total)
    return CostReport(query, ordered, total, exchanger.used())


def _shown(word: str, value: Any) -> str | None:
    if value is None:
        return None
    return show("person", value) if word == "person" else str(value)


def _columns(query: CostQuery, *, at: Any, person: Any, outcome: Any) -> list[ColumnElement[Any]]:
    known: dict[str, Any] = {
        "task_type": TaskType.name,
        "queue": Queue.name,
        "person": person,
        "model": Submission.model_name,
        "prompt_version": Submission.prompt_version,
        "rule": Submission.route_rules[0]["name"].astext,
        "outcome": outcome,
        "day": cast(func.timezone(query.tz, at), Date),
    }
    return [known[w].label(f"g{n}") for n, w in enumerate(query.group_by)]


def _within(query: CostQuery, at: Any, known_at: Any) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [known_at <= query.as_of]
    if query.since is not None:
        wanted.append(at >= query.since)
    if query.until is not None:
        wanted.append(at < query.until)
    return wanted


def _time_query(workspace_id: Any, query: CostQuery, *columns: Any) -> Any:
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
        .where(LINES.c.workspace_id == workspace_id, *_within(query, LINES.c.dated_at, LINES.c.posted_at))
    )


def _add_time(session: Session, workspace_id: Any, query: CostQuery, row: Any, exchanger: Exchanger) -> None:
    outcome = case(_STATUS_OF_VERB, value=Vote.verb, else_=Claim.outcome)
    groups = _columns(query, at=LINES.c.dated_at, person=LINES.c.person_id, outcome=outcome)
    # Markets have one rate a day; without a currency to report in, days need not be told apart.
    on = null() if query.currency is None else cast(func.timezone("UTC", LINES.c.dated_at), Date)
    sums = _time_query(
        workspace_id,
        query,
        *groups,
        on.label("exchanged_on"),
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
            shown, worth = exchanger.exchange(amount, currency, day)
            line.amounts[shown] = EXACT.add(line.amounts.get(shown, Decimal(0)), worth)
    counts = _time_query(workspace_id, query, *groups, func.count(distinct(Claim.item_id)))
    for *key, items in session.execute(counts.group_by(*groups) if groups else counts):
        if items:
            row(tuple(key)).items = items


def _add_decisions(session: Session, workspace_id: Any, query: CostQuery, row: Any) -> None:
    groups = _columns(query, at=Decision.decided_at, person=Claim.person_id, outcome=Decision.status)
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
            *_within(query, Decision.decided_at, Decision.decided_at),
        )
    )
    for *key, decisions in session.execute(counts.group_by(*groups) if groups else counts):
        if decisions:
            row(tuple(key)).decisions = decisions


def _total(session: Session, workspace_id: Any, query: CostQuery, rows: list[CostRow]) -> CostRow:
    """Add the lines up. An item can stand in several lines, so items are counted anew."""
    total = CostRow({})
    amounts: dict[str, Decimal] = defaultdict(Decimal)
    for r in rows:
        total.decisions += r.decisions
        total.active_ms += r.active_ms
        total.adjusted_ms += r.adjusted_ms
        total.unpriced_ms += r.unpriced_ms
        for currency, amount in r.amounts.items():
            amounts[currency] = EXACT.add(amounts[currency], amount)
    total.amounts = dict(amounts)
    items = _time_query(workspace_id, query, func.count(distinct(Claim.item_id)), literal(0))
    total.items = session.execute(items).one()[0]
    return total


def _round(rows: list[CostRow], total: CostRow) -> None:
    for currency in sorted(total.amounts):
        having = [r for r in rows if currency in r.amounts]
        rounded = round_rows([r.amounts[currency] for r in having], currency)
        for r, cost in zip(having, rounded, strict=True):
            r.cost[currency] = cost
        total.cost[currency] = sum(rounded, Decimal(0))
