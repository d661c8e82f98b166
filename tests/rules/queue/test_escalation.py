"""Escalation steps as they are read, and what time makes of an item that has some."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.queue.rules import Clockwork, StepsRefused, next_step_at, read_steps, soon_at, step_documents
from app.queue.rules.calendars import read_calendar
from app.queue.rules.timing import Relaxation

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TO_LEADS = {"after": "PT1H", "to": {"leads": True}}


def test_steps_are_kept_in_milliseconds_and_shown_in_seconds() -> None:
    kept = read_steps([{"after": "PT90M", "to": {"queue": "second", "groups": ["a"], "leads": False}, "priority": 0}])
    assert kept == [{"after_ms": 5_400_000, "queue": "second", "groups": ["a"], "priority": 0}]
    shown = [{"after_seconds": 5_400, "to": {"queue": "second", "groups": ["a"]}, "priority": 0}]
    assert step_documents(kept) == shown


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"after": "P1M", "to": {"leads": True}}, "/escalation/0/after"),
        ({"after": "PT0S", "to": {"leads": True}}, "/escalation/0/after"),
        ({"after": "PT1H"}, "/escalation/0"),
        ({"after": "PT1H", "to": {"leads": False, "groups": []}}, "/escalation/0"),
    ],
)
def test_a_step_that_leads_nowhere_is_refused(step: dict[str, Any], pointer: str) -> None:
    with pytest.raises(StepsRefused) as refused:
        read_steps([step])
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_steps_count_in_business_time() -> None:
    office = read_calendar(zone="UTC", hours={"mon": [["09:00", "10:00"]], "tue": [["09:00", "10:00"]]})
    kept = read_steps([{"after": "PT90M", "priority": 1}])
    assert next_step_at(kept, tier=0, since=NOW, calendar=office) == NOW + timedelta(days=1, minutes=30)
    assert next_step_at(kept, tier=1, since=NOW, calendar=office) is None


def test_due_soon_counts_in_business_time_and_never_before_it_came_in() -> None:
    office = read_calendar(zone="UTC", hours={day: [["09:00", "10:00"]] for day in ("mon", "tue")})
    tuesday = NOW + timedelta(days=1)
    due_at = tuesday + HOUR / 2
    assert soon_at(office, since=NOW, due_at=due_at, soon_ms=3_600_000) == NOW + HOUR / 2
    assert soon_at(office, since=NOW, due_at=due_at, soon_ms=36_000_000) == NOW
    assert soon_at(None, since=NOW, due_at=NOW - HOUR, soon_ms=1_000) == NOW - HOUR


def item(**changes: Any) -> Clockwork:
    usual: dict[str, Any] = {
        "state": "waiting",
        "stage": "on_time",
        "created_at": NOW,
        "due_at": NOW + 4 * HOUR,
        "soon_at": NOW + 3 * HOUR,
        "step_at": None,
        "on_timeout": "escalate",
        "on_last_timeout": "stay",
        "steps": 0,
        "tier": 0,
        "relaxed": 0,
        "reserved_until": None,
        "assigned_until": None,
        "calendar": None,
        "relaxations": (),
    }
    return Clockwork(**{**usual, **changes})


def test_the_mark_comes_before_what_comes_of_it() -> None:
    late = NOW + 5 * HOUR
    assert item(on_timeout="reject").next_act(late) == "breach"
    assert item(on_timeout="reject", stage="breached").next_act(late) == "reject"
    assert item(on_timeout="expire", stage="breached").next_act(late) == "expire"


def test_without_a_step_the_last_word_is_the_task_types() -> None:
    late = NOW + 5 * HOUR
    assert item(stage="breached").next_act(late) is None
    assert item(stage="breached").wake_at() is None
    assert item(stage="breached", on_last_timeout="use_output").next_act(late) == "use_output"
    assert item(stage="breached", on_last_timeout="reject", steps=1, tier=1).next_act(late) == "reject"


def test_a_step_that_is_left_is_taken_when_the_time_is_up() -> None:
    late = NOW + 5 * HOUR
    with_step = {"steps": 1, "step_at": NOW + 10 * HOUR}
    assert item(stage="breached", **with_step).next_act(late) == "escalate"
    assert item(stage="breached", on_timeout="reject", **with_step).next_act(late) == "reject"
    assert item(steps=1, step_at=NOW + HOUR).next_act(NOW + HOUR) == "escalate"


def test_it_is_looked_at_when_the_first_of_all_is_due() -> None:
    assert item().wake_at() == NOW + 3 * HOUR
    assert item(relaxations=(Relaxation(60_000),)).wake_at() == NOW + timedelta(minutes=1)
    assert item(relaxations=(Relaxation(60_000),), relaxed=1).wake_at() == NOW + 3 * HOUR
    until = NOW + timedelta(seconds=60)
    assert item(state="reserved", reserved_until=until).next_act(until) == "unreserve"
    assert item(assigned_until=until).next_act(until) == "lapse"
    # Who holds it is not asked to give it up by what was promised her before.
    assert item(state="claimed", assigned_until=until).wake_at() == NOW + 3 * HOUR
