"""What may be lost at any time: all that is on Redis, Redis itself, a worker, and everything at once.

Time-outs and ends of leases are rows; whoever starts anew finds them, within the sweeper's fifteen seconds.
"""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from app.kernel.db import Database
from app.queue.models import Item
from app.reports.invariants import check_invariants
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.people import add_person
from tests.factories.reviewing import run_out, take
from tests.factories.timing import let_pass
from tests.factories.work import add_item, add_task_type
from tests.workers.conftest import Desk
from tests.workers.processes import eventually, running
from workers.loop import LONGEST_PAUSE_SECONDS

NO_REDIS = "redis://127.0.0.1:1/0"
# The promise, and a busy machine's time to start processes and to be asked.
PROMISE_SECONDS = LONGEST_PAUSE_SECONDS
ALLOWANCE_SECONDS = 30
HOUR_MS = 3_600_000


@pytest.fixture
def settings(database_url: str, redis_url: str) -> Settings:
    """The settings of workers on this test's servers."""
    return Settings(database_url, redis_url, SECRET)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the workers write."""
    return tmp_path / "workers.log"


def is_in(database: Database, states: dict[UUID, str]) -> Callable[[], bool]:
    """Return the condition that items are in these states."""

    def condition() -> bool:
        with database.unit_of_work() as session:
            return {i: session.get_one(Item, i).state for i in states} == states

    return condition


def leave_overdue(desk: Desk) -> dict[UUID, str]:
    """Leave one item whose lease ran out, and one of each outcome of a time-out; return what they should be."""
    with desk.database.unit_of_work() as session:
        claimed = add_item(session, desk.workspace_id)
        run_out(session, take(session, desk.workspace_id, desk.person_id, item_id=claimed.id))
        expected = {claimed.id: "waiting"}
        for on_timeout, state in (("reject", "decided"), ("use_output", "decided"), ("expire", "expired")):
            add_task_type(session, desk.workspace_id, name=on_timeout, on_timeout=on_timeout, sla_ms=HOUR_MS)
            item = add_item(session, desk.workspace_id, task_type=on_timeout)
            let_pass(session, item, hours=1, seconds=1)
            expected[item.id] = state
        # One that somebody holds when its time is up.
        held = add_item(session, desk.workspace_id, task_type="reject")
        take(session, desk.workspace_id, add_person(session, desk.workspace_id, "bob"), item_id=held.id)
        let_pass(session, held, hours=1, seconds=1)
        expected[held.id] = "decided"
    return expected


def test_a_start_with_an_empty_redis_does_all_that_is_overdue(desk: Desk, settings: Settings, log: Path) -> None:
    expected = leave_overdue(desk)
    with Redis.from_url(settings.redis_url) as redis:
        redis.flushdb()
    with running(settings, log):
        done = eventually(is_in(desk.database, expected), within_seconds=PROMISE_SECONDS + ALLOWANCE_SECONDS)
        assert done, log.read_text()
    with desk.database.unit_of_work() as session:
        assert check_invariants(session) == []


def test_a_redis_that_is_wiped_or_away_and_a_killed_sweeper_delay_nothing(
    desk: Desk, settings: Settings, log: Path
) -> None:
    with running(settings, log) as workers:
        sweeper = workers.children()["sweeper"]
        with Redis.from_url(settings.redis_url) as redis:
            redis.flushdb()
        expected = leave_overdue(desk)
        os.kill(sweeper, signal.SIGKILL)
        done = eventually(is_in(desk.database, expected), within_seconds=PROMISE_SECONDS + ALLOWANCE_SECONDS)
        assert done, log.read_text()
    with desk.database.unit_of_work() as session:
        again = add_item(session, desk.workspace_id)
        run_out(session, take(session, desk.workspace_id, desk.person_id, item_id=again.id))
    with running(replace(settings, redis_url=NO_REDIS), log):
        done = eventually(
            is_in(desk.database, {again.id: "waiting"}), within_seconds=PROMISE_SECONDS + ALLOWANCE_SECONDS
        )
        assert done, log.read_text()
    with desk.database.unit_of_work() as session:
        assert check_invariants(session) == []
