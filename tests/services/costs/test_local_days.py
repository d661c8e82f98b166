"""Days of a zone, where the clocks are changed: 25 and 23 hours long, and rates that change at their midnight."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.adjustments.service import Wish, add_time
from app.audit.rules import Actor
from app.kernel.clock import read_now
from app.reports.cost_query import CostQuery
from app.reports.costs import read_costs
from app.reports.invariants import check_invariants
from app.reports.rebuild import find_differences
from tests.factories.people import add_person, add_rate

MINUTE = 60_000
HOUR = timedelta(hours=1)
# When the days begin on which Berlin changes its clocks, and how many hours they have.
CHANGES = [
    (datetime(2025, 10, 25, 22, tzinfo=UTC), 25, "2025-10-26", "2025-10-20"),
    (datetime(2026, 3, 28, 23, tzinfo=UTC), 23, "2026-03-29", "2026-03-23"),
]


@pytest.mark.parametrize(("begins", "hours", "day", "week"), CHANGES)
def test_a_day_of_changed_clocks_has_its_own_hours_and_its_own_rate(
    session: Session, workspace: UUID, begins: datetime, hours: int, day: str, week: str
) -> None:
    ada, zoe = add_person(session, workspace, "ada"), add_person(session, workspace, "zoe", roles=["lead"])
    ends = begins + hours * HOUR
    add_rate(session, workspace, "60", burden="1", overhead="0", valid_from=begins - 99 * HOUR, valid_to=begins)
    add_rate(session, workspace, "120", burden="1", overhead="0", valid_from=begins, valid_to=ends)
    add_rate(session, workspace, "600", burden="1", overhead="0", valid_from=ends)
    for at in (begins - timedelta(seconds=1), begins, ends - timedelta(seconds=1), ends):
        add_time(
            session,
            now=read_now(session),
            actor=Actor("person", zoe),
            workspace_id=workspace,
            person_id=ada,
            by=zoe,
            at=at,
            wish=Wish(MINUTE, "other", "A minute."),
        )

    def costs(word: str) -> dict[str | None, Decimal]:
        query = CostQuery((word,), since=None, until=None, tz="Europe/Berlin", as_of=read_now(session))
        rows = read_costs(session, workspace_id=workspace, query=query).rows
        return {row.group[word]: row.cost["EUR"] for row in rows}

    assert costs("day") == {
        str((datetime.fromisoformat(day) - timedelta(days=1)).date()): Decimal("1.00"),
        day: Decimal("4.00"),
        str((datetime.fromisoformat(day) + timedelta(days=1)).date()): Decimal("10.00"),
    }
    # Both are Sundays: the day after begins another week.
    assert costs("week")[week] == Decimal("5.00")
    assert sum(costs("month").values()) == Decimal("15.00")
    within = CostQuery((), since=begins, until=ends, tz="Europe/Berlin", as_of=read_now(session))
    assert read_costs(session, workspace_id=workspace, query=within).total.cost == {"EUR": Decimal("4.00")}
    assert check_invariants(session) == []
    assert list(find_differences(session)) == []
