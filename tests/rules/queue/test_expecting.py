"""How long an item will wait is said only where there is a basis, and a long queue is counted less often."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from app.queue.rules.expecting import count_again_after, expected_wait, items_ahead

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Load:
    """A queue as it was counted."""

    counted_at: datetime = NOW
    by_priority: dict[str, int] = field(default_factory=lambda: {"80": 3, "50": 10, "9": 100})
    decided_last_hour: int = 0
    handle_ms: int | None = None
    people_working: int = 0


@pytest.mark.parametrize(("priority", "ahead"), [(100, 0), (80, 3), (50, 13), (10, 13), (9, 113), (0, 113)])
def test_what_is_more_urgent_or_as_urgent_is_ahead(priority: int, ahead: int) -> None:
    assert items_ahead(Load(), priority=priority) == ahead


def test_the_items_ahead_are_shared_among_those_at_work() -> None:
    load = Load(handle_ms=60_000, people_working=2, decided_last_hour=7)
    assert expected_wait(load, priority=50, now=NOW) == timedelta(minutes=6.5)
    assert expected_wait(replace(load, by_priority={}), priority=50, now=NOW) == timedelta(0)


def test_while_nobody_is_at_work_the_last_hour_says_it() -> None:
    assert expected_wait(Load(handle_ms=60_000, decided_last_hour=26), priority=50, now=NOW) == timedelta(minutes=30)


@pytest.mark.parametrize(
    "load",
    [
        None,
        Load(),
        Load(handle_ms=60_000),
        Load(people_working=2),
        Load(counted_at=NOW - timedelta(hours=1), handle_ms=60_000, people_working=2),
    ],
)
def test_without_a_basis_nothing_is_said(load: Load | None) -> None:
    assert expected_wait(load, priority=50, now=NOW) is None


@pytest.mark.parametrize(("took_ms", "seconds"), [(0, 15), (700, 15), (2_000, 40), (120_000, 600)])
def test_counting_takes_a_twentieth_of_the_time_at_most(took_ms: int, seconds: int) -> None:
    assert count_again_after(timedelta(milliseconds=took_ms)) == timedelta(seconds=seconds)
