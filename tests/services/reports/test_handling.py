"""How long reviews take: the figures of a known set of times, by what came of them, and never by person."""

from statistics import mean, median, quantiles
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.reports.cost_query import CostQuery
from app.reports.handling import HandlingRow, UnknownHandlingGroup, check_handling_groups, read_handling
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, REJECT, hand_in, take
from tests.factories.work import add_item, add_task_type

TIMES = [n * n * 100 for n in range(1, 42)]


@pytest.fixture
def judged(session: Session, workspace: UUID) -> UUID:
    """41 approvals whose times are known, and one rejection."""
    add_task_type(session, workspace)
    ada = add_person(session, workspace, "ada")
    for number in range(len(TIMES) + 1):
        add_item(session, workspace)
        hand_in(session, take(session, workspace, ada), APPROVE if number < len(TIMES) else REJECT)
    session.execute(
        text("""UPDATE votes SET active_ms = n * n * 100
                  FROM (SELECT id, row_number() OVER (ORDER BY at, id) AS n FROM votes) AS numbered
                 WHERE numbered.id = votes.id""")
    )
    return workspace


def handling(session: Session, workspace: UUID, *words: str, **asked: Any) -> list[HandlingRow]:
    terms = {"since": None, "until": None, "tz": "UTC", "as_of": read_now(session), **asked}
    return read_handling(session, workspace_id=workspace, query=CostQuery(words, **terms))


def test_the_figures_are_those_of_the_times(session: Session, judged: UUID) -> None:
    approved, rejected = handling(session, judged, "outcome")
    assert (approved.group, approved.reviews, rejected.reviews) == ({"outcome": "approved"}, 41, 1)
    assert approved.mean_ms == pytest.approx(mean(TIMES))
    assert approved.median_ms == median(TIMES)
    assert approved.p90_ms == pytest.approx(quantiles(TIMES, n=10, method="inclusive")[8])
    # A twentieth of 41 at each end are two.
    assert approved.trimmed_ms == pytest.approx(mean(TIMES[2:-2]))
    assert approved.trimmed_share == pytest.approx(sum(TIMES[:2] + TIMES[-2:]) / sum(TIMES))
    assert (rejected.mean_ms, rejected.trimmed_ms, rejected.trimmed_share) == (42 * 42 * 100, 42 * 42 * 100, 0)


def test_all_together_and_by_day_and_nothing_outside_of_the_period(session: Session, judged: UUID) -> None:
    now = read_now(session)
    (whole,) = handling(session, judged)
    assert (whole.group, whole.reviews) == ({}, 42)
    assert sum(row.reviews for row in handling(session, judged, "day", "task_type", "model")) == 42
    assert handling(session, judged, since=now) == handling(session, judged, until=now.replace(year=2020)) == []


def test_never_by_person() -> None:
    with pytest.raises(UnknownHandlingGroup):
        check_handling_groups(["person"])
    assert check_handling_groups(["day", "outcome", "day"]) == ("day", "outcome")
