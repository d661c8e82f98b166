"""What may be asked of a cost report, and a line of its answer. Called by the parts of cost reports, and by doors."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Date, Uuid, case, cast, func, null

from app.kernel.errors import Fault, Invalid
from app.kernel.ids import show
from app.kernel.money import minor_units
from app.queue.models import Queue
from app.submissions.models import Submission, TaskType

GROUPS: Final = (
    *("task_type", "queue", "person", "model", "prompt_version", "rule", "risk", "outcome"),
    *("day", "week", "month"),
)
#: The person of what is nobody's, such as what models cost.
NOBODY: Final = cast(null(), Uuid)
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

    `active_ms` is what was measured, corrected by `adjusted_ms`, which may be below zero. `llm_cost` is what the models
    cost, `llm_unpriced` how many of their calls have no price, `accepted` how many outputs that came in were let pass,
    approved or corrected.
    """

    group: dict[str, str | None]
    decisions: int = 0
    items: int = 0
    active_ms: int = 0
    adjusted_ms: int = 0
    unpriced_ms: int = 0
    accepted: int = 0
    llm_unpriced: int = 0
    amounts: dict[str, Decimal] = field(default_factory=dict)
    cost: dict[str, Decimal] = field(default_factory=dict)
    llm_amounts: dict[str, Decimal] = field(default_factory=dict)
    llm_cost: dict[str, Decimal] = field(default_factory=dict)


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


def shown(word: str, value: Any) -> str | None:
    """Return how a group is named outside."""
    if value is None:
        return None
    return show("person", value) if word == "person" else str(value)


def columns(query: CostQuery, *, at: Any, person: Any, outcome: Any) -> list[ColumnElement[Any]]:
    """Return the columns by which a query is grouped, labelled g0, g1 and so on."""
    known = expressions(query.tz, at=at, person=person, outcome=outcome)
    return [known[word].label(f"g{n}") for n, word in enumerate(query.group_by)]


def expressions(tz: str, *, at: Any, person: Any, outcome: Any) -> dict[str, ColumnElement[Any]]:
    """Return what each word of GROUPS means. Days, weeks from Monday on and months are those of a zone."""
    local = func.timezone(tz, at)
    return {
        "task_type": TaskType.name,
        "queue": Queue.name,
        "person": person,
        "model": Submission.model_name,
        "prompt_version": Submission.prompt_version,
        "rule": Submission.route_rules[0]["name"].astext,
        "risk": case((Submission.high_risk, "high"), (Submission.high_risk.is_(False), "usual")),
        "outcome": outcome,
        "day": cast(local, Date),
        "week": cast(func.date_trunc("week", local), Date),
        "month": func.to_char(local, "YYYY-MM"),
    }


def within(query: CostQuery, at: Any, known_at: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that something belongs to the period and was known."""
    wanted: list[ColumnElement[bool]] = [known_at <= query.as_of]
    if query.since is not None:
        wanted.append(at >= query.since)
    if query.until is not None:
        wanted.append(at < query.until)
    return wanted
