"""What may be lost at any time: all that is on Redis, Redis itself, a worker, and everything at once.

Time-outs and ends of leases are rows; whoever starts anew finds them, within the sweeper's fifteen seconds.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select

from app.audit.models import Event
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Claim, Item
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


# How long after they come in the things of the next test fall due: while all is down, and after the new start.
FALL_DUE_SECONDS = (1, 2, 4, 6, 8, 10)
DOWN_SECONDS = 3


def leave_falling_due(desk: Desk) -> dict[tuple[UUID, str], datetime]:
    """Leave items with something to happen soon; return when, by item and by what the trail calls it."""
    expected: dict[tuple[UUID, str], datetime] = {}
    with desk.database.unit_of_work() as session:
        for on_timeout in ("reject", "expire"):
            add_task_type(session, desk.workspace_id, name=on_timeout, on_timeout=on_timeout)
        add_task_type(session, desk.workspace_id, name="brief", claim_ms=5_000)
        for seconds in FALL_DUE_SECONDS:
            for on_timeout, act in (("reject", "time_out"), ("expire", "expire")):
                item = add_item(session, desk.workspace_id, task_type=on_timeout, deadline=f"PT{seconds}S")
                expected[item.id, f"item.{act}"] = item.due_at
                expected[item.id, "item.breach"] = item.due_at
            steps = [{"after": f"PT{seconds}S", "priority": 90}]
            item = add_item(session, desk.workspace_id, escalation=steps, deadline="P1D")
            assert item.step_at is not None
            expected[item.id, "item.escalate"] = item.step_at
    with desk.database.unit_of_work() as session:
        item = add_item(session, desk.workspace_id, task_type="brief")
        claim = take(session, desk.workspace_id, desk.person_id, item_id=item.id)
        expected[item.id, "item.expire_claim"] = session.get_one(Claim, claim.id).expires_at
    return expected


def test_what_falls_due_happens_within_fifteen_seconds_though_all_was_killed(
    desk: Desk, settings: Settings, log: Path
) -> None:
    with running(settings, log) as workers:
        children = workers.children()
        expected = leave_falling_due(desk)
        workers.parent.kill()
        for pid in children.values():
            os.kill(pid, signal.SIGKILL)
    with Redis.from_url(settings.redis_url) as redis:
        redis.flushdb()
    time.sleep(DOWN_SECONDS)

    def happened() -> dict[tuple[UUID, str], datetime]:
        with desk.database.unit_of_work() as session:
            rows = session.execute(select(Event.subject_id, Event.type, Event.at).where(Event.subject_kind == "item"))
            return {(subject, kind): at for subject, kind, at in rows if (subject, kind) in expected}

    with running(settings, log) as workers:
        workers.children()
        with desk.database.unit_of_work() as session:
            up_at = read_now(session)
        done = eventually(lambda: happened().keys() == expected.keys(), within_seconds=60)
        assert done, log.read_text()
    at = happened()
    assert min(at[one] - due for one, due in expected.items()) >= timedelta(0), "something came before its time"
    # What fell due while nothing ran counts from the moment when something ran again.
    late = max(at[one] - max(due, up_at) for one, due in expected.items())
    assert late <= timedelta(seconds=PROMISE_SECONDS)
    with desk.database.unit_of_work() as session:
        assert check_invariants(session) == []
