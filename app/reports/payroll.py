"""Hours for payroll and entries for the books, from the same lines as the cost report. Called by the reports API.

Days are those of the asked zone; a line belongs to the day it is dated, so a closed day never changes.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Date, cast, func
from sqlalchemy.orm import Session

from app.identity.models import Membership, Person
from app.kernel.ids import show
from app.kernel.money import EXACT, quantize_entry, round_rows
from app.kernel.seconds import seconds_text
from app.queue.models import Queue
from app.reports.cost_query import CostQuery
from app.reports.ledger import lines_of
from app.reports.ledger_lines import LINES
from app.reports.tables import csv_table
from app.submissions.models import TaskType

_HOUR_MS: Final = Decimal(3_600_000)
_COUNTED: Final = LINES.c.kind.in_(("active", "adjustment"))
_HOURS: Final = (
    *("person", "email", "name", "vendor", "day", "active_seconds", "adjusted_seconds", "hours", "items"),
    *("cost", "currency", "unpriced_seconds"),
)
_JOURNAL: Final = (
    *("date", "account", "cost_centre", "project", "debit", "credit", "currency", "memo", "external_id"),
)


def payroll_csv(session: Session, *, workspace_id: UUID, query: CostQuery) -> str:
    """Return each person's hours on each day as CSV: measured with adjustments, items paid by the item, and cost.

    `hours` is `active_seconds` / 3600 to six places. A person with several currencies on a day has a row for each.
    """
    day = cast(func.timezone(query.tz, LINES.c.dated_at), Date).label("day")
    who = (LINES.c.person_id, Person.email, Person.name, Membership.vendor)
    sums = (
        func.coalesce(func.sum(LINES.c.ms).filter(_COUNTED), 0),
        func.coalesce(func.sum(LINES.c.ms).filter(LINES.c.kind == "adjustment"), 0),
        # An item counts once, and one that was taken back not at all.
        func.coalesce(func.sum(func.sign(LINES.c.amount)).filter(LINES.c.kind == "piece"), 0),
        func.sum(LINES.c.amount),
        LINES.c.currency,
        func.sum(LINES.c.unpriced_ms),
    )
    found = session.execute(
        lines_of(workspace_id, query, *who, day, *sums)
        .join(Person, Person.id == LINES.c.person_id)
        .outerjoin(
            Membership, (Membership.person_id == LINES.c.person_id) & (Membership.workspace_id == LINES.c.workspace_id)
        )
        .where(LINES.c.kind != "idle_in_claim")
        .group_by(*who, "day", LINES.c.currency)
        .order_by("day", Person.email, LINES.c.currency)
    )
    return csv_table(_HOURS, (_hours(row) for row in found))


def _hours(row: Any) -> list[str]:
    person_id, email, name, vendor, day, ms, adjusted_ms, items, amount, currency, unpriced_ms = row
    return [
        show("person", person_id),
        email,
        name,
        vendor or "",
        day.isoformat(),
        seconds_text(int(ms)),
        seconds_text(int(adjusted_ms)),
        f"{quantize_entry(EXACT.divide(Decimal(int(ms)), _HOUR_MS)):f}",
        str(int(items)),
        "" if amount is None else f"{amount:f}",
        currency or "",
        seconds_text(int(unpriced_ms)),
    ]


@dataclass(frozen=True)
class Accounts:
    """The two accounts of a journal entry."""

    debit: str
    credit: str


@dataclass(frozen=True)
class _Charge:
    """What a day's review of a task type in a queue cost, exactly."""

    day: date
    queue: str
    task_type: str
    currency: str
    amount: Decimal


def journal_csv(session: Session, *, workspace_id: UUID, query: CostQuery, accounts: Accounts) -> str:
    """Return what review cost as balanced journal entries in CSV: a debit and a credit for each day, queue and type.

    Rounded to the currency's smallest unit by largest remainder, so the debits of a currency are the report's total.
    `external_id` names an entry by what it is of: taken in twice, it is the same entry.
    """
    day = cast(func.timezone(query.tz, LINES.c.dated_at), Date).label("day")
    of = (day, func.coalesce(Queue.name, ""), func.coalesce(TaskType.name, ""), LINES.c.currency)
    found = session.execute(
        lines_of(workspace_id, query, *of, func.sum(LINES.c.amount))
        .where(LINES.c.amount.is_not(None))
        .group_by("day", Queue.name, TaskType.name, LINES.c.currency)
        .order_by("day", Queue.name, TaskType.name, LINES.c.currency)
    )
    charges = [_Charge(*row) for row in found]
    rounded = {
        currency: iter(round_rows([c.amount for c in charges if c.currency == currency], currency))
        for currency in {c.currency for c in charges}
    }
    rows = [row for charge in charges for row in _entry(charge, next(rounded[charge.currency]), accounts)]
    return csv_table(_JOURNAL, rows)


def _entry(charge: _Charge, amount: Decimal, accounts: Accounts) -> list[list[str]]:
    """Return the two sides; what was taken back more than it was is a credit to the cost."""
    if not amount:
        return []
    memo = "Review of model outputs" if charge.task_type else "Review time outside of items"
    sides = [(accounts.debit, "cost"), (accounts.credit, "owed")]
    entries = []
    for account, side in sides:
        is_debit = (side == "cost") == (amount > 0)
        money = f"{abs(amount):f}"
        name = f"proofdesk/{charge.day.isoformat()}/{charge.queue}/{charge.task_type}/{charge.currency}/{side}"
        entries.append(
            [
                charge.day.isoformat(),
                account,
                charge.queue,
                charge.task_type,
                money if is_debit else "",
                "" if is_debit else money,
                charge.currency,
                memo,
                name,
            ]
        )
    return entries
