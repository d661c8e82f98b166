"""Shapes of reports: how they are grouped, bounded and dated."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field

from app.api.v1.shapes.parts import NAME_LENGTH, Instant, PageQuery, Query


def _zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("is not a time zone such as Europe/Paris")
    return name


OfGroup = Annotated[str | None, Field(max_length=NAME_LENGTH)]


class CostsQuery(Query):
    """Which cost report. `group_by` takes words with commas between them; `currency` is what all is converted into."""

    group_by: str = Field("task_type", max_length=200)
    since: Instant | None = None
    until: Instant | None = None
    tz: Annotated[str, AfterValidator(_zone)] = Field("UTC", max_length=60)
    as_of: Instant | None = None
    currency: str | None = Field(None, pattern="^[A-Z]{3}$")


class PeriodQuery(Query):
    """Which days, of which zone, as of when."""

    since: Instant | None = None
    until: Instant | None = None
    tz: Annotated[str, AfterValidator(_zone)] = Field("UTC", max_length=60)
    as_of: Instant | None = None


class JournalQuery(PeriodQuery):
    """The same, and the accounts between which cost is booked."""

    debit_account: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)] = "review expense"
    credit_account: Annotated[str, Field(min_length=1, max_length=NAME_LENGTH)] = "accrued review expense"


class HandlingQuery(PeriodQuery):
    """The same, and what reviews are grouped by: words with commas between them."""

    group_by: str = Field("outcome", max_length=200)


class LedgerQuery(PageQuery):
    """Which lines of the ledger: those of a number, by what the number is of. An empty word is what has none."""

    since: Instant | None = None
    until: Instant | None = None
    tz: Annotated[str, AfterValidator(_zone)] = Field("UTC", max_length=60)
    as_of: Instant | None = None
    task_type: OfGroup = None
    queue: OfGroup = None
    person: OfGroup = None
    model: OfGroup = None
    prompt_version: OfGroup = None
    rule: OfGroup = None
    risk: OfGroup = None
    outcome: OfGroup = None
    day: OfGroup = None
    week: OfGroup = None
    month: OfGroup = None


class AuditQuery(Query):
    """Which events: those numbered above `cursor`."""

    cursor: int = Field(0, ge=0, le=2**53 - 1)
    limit: int = Field(50, ge=1, le=200)
