"""The loop: when it works, how long it rests, and that nothing but the end of its process stops it."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.clock import monotonic_ms
from tests.conftest import NOW
from workers.loop import Loop, pause_seconds
from workers.task import Tools


@pytest.mark.parametrize(
    ("seconds", "pause"), [(None, 15.0), (-60.0, 0.2), (0.0, 0.2), (0.1, 0.2), (3.5, 3.5), (15.0, 15.0), (900.0, 15.0)]
)
def test_the_pause_lasts_until_the_next_work_but_a_fifth_of_a_second_at_least_and_15_at_most(
    seconds: float | None, pause: float
) -> None:
    next_at = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert pause_seconds(next_at, now=NOW) == pytest.approx(pause)


def nothing_due(session: Session) -> None:
    return None


class Counter:
    """Counts rounds of work and lets a test wait for one."""

    def __init__(self, *failures: Exception) -> None:
        self.rounds = 0
        self._failures = list(failures)
        self._changed = threading.Condition()

    def __call__(self, _tools: Tools) -> None:
        with self._changed:
            self.rounds += 1
            self._changed.notify_all()
        if self._failures:
            raise self._failures.pop(0)

    def reached(self, rounds: int, *, within_seconds: float = 5.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.rounds >= rounds, within_seconds)


def running(tools: Tools, work: Counter) -> Loop:
    loop = Loop("test", tools, work=work, next_due=nothing_due, wake=tools.look_for_deliveries)
    loop.start()
    return loop


def test_it_works_at_once_and_when_it_is_woken(tools: Tools) -> None:
    work = Counter()
    loop = running(tools, work)
    assert work.reached(1)
    tools.look_for_deliveries.set()
    assert work.reached(2)
    tools.end()
    assert loop.end(within_seconds=5)


@pytest.mark.parametrize(
    "failure", [lambda: OperationalError("SELECT 1", {}, ConnectionError("gone")), lambda: ValueError("a bug")]
)
def test_it_tries_again_after_a_failure(tools: Tools, failure: Callable[[], Exception]) -> None:
    work = Counter(failure(), failure())
    loop = running(tools, work)
    assert work.reached(3)
    tools.end()
    assert loop.end(within_seconds=5)


def test_it_ends_at_once_from_a_long_pause(tools: Tools) -> None:
    work = Counter()
    loop = running(tools, work)
    assert work.reached(1)
    start_ms = monotonic_ms()
    tools.end()
    assert loop.end(within_seconds=5)
    assert monotonic_ms() - start_ms < 1_000


def test_it_says_when_its_work_does_not_end_in_time(tools: Tools) -> None:
    let_go = threading.Event()

    class Stuck(Counter):
        def __call__(self, _tools: Tools) -> None:
            super().__call__(_tools)
            let_go.wait(10)

    work = Stuck()
    loop = running(tools, work)
    assert work.reached(1)
    tools.end()
    assert not loop.end(within_seconds=0.1)
    let_go.set()
    assert loop.end(within_seconds=5)
