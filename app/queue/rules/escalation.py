"""Escalation steps: where an item goes when it has waited too long.

A step is taken when `after` of business time has gone by since the item came in, or since the step before it; and at
once when the item's time is up and its time-out is to escalate. A step that is kept is a JSON object: `after_ms`, and
what changes: `queue`, `groups`, `leads`, `priority`. Pure; called by the doors that read steps, by intake and by the
services that take them.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from app.kernel.durations import DurationInvalid, parse_duration
from app.kernel.errors import Fault, Invalid
from app.queue.rules.calendars import Calendar, add_working_time

MAX_STEPS: Final = 10
_SECOND_MS: Final = 1_000


class StepsRefused(Invalid):
    """These escalation steps cannot be followed."""


def read_steps(given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps of a body whose shape has been checked, as they are kept.

    Raises:
        StepsRefused: a duration is none or below a second, or a step changes nothing.
    """
    steps: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for number, one in enumerate(given):
        try:
            after_ms = parse_duration(one["after"])
        except DurationInvalid as error:
            faults.append(Fault(f"/escalation/{number}/after", error.detail))
            continue
        if after_ms < _SECOND_MS:
            faults.append(Fault(f"/escalation/{number}/after", "must be a second or more"))
        to = one.get("to") or {}
        step = {"after_ms": after_ms, **{word: to[word] for word in ("queue", "groups", "leads") if to.get(word)}}
        if one.get("priority") is not None:
            step["priority"] = one["priority"]
        if len(step) == 1:
            faults.append(Fault(f"/escalation/{number}", "changes nothing; name a queue, groups, leads or a priority"))
        steps.append(step)
    if faults:
        raise StepsRefused(faults=faults)
    return steps


def step_documents(kept: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return kept steps as programs see them, with durations in seconds."""
    return [
        {
            "after_seconds": step["after_ms"] // _SECOND_MS,
            "to": {word: step[word] for word in ("queue", "groups", "leads") if word in step},
            "priority": step.get("priority"),
        }
        for step in kept
    ]


def next_step_at(
    escalation: Sequence[Mapping[str, Any]], *, tier: int, since: datetime, calendar: Calendar | None = None
) -> datetime | None:
    """Return when the next escalation step is due, counted from the one before; None when none is left."""
    if tier >= len(escalation):
        return None
    return add_working_time(calendar, since, timedelta(milliseconds=escalation[tier]["after_ms"]))
