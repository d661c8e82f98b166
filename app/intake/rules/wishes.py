"""What a program asks for beside its output: how urgent it is, until when, and what happens if nobody judges it.

What a submission does not say, its task type says. Pure; called by the service of intake.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.kernel.durations import DurationInvalid, parse_duration
from app.kernel.errors import Fault, Invalid
from app.queue.rules import read_steps
from app.queue.rules.timing import ESCALATE, USE_OUTPUT


class WishRefused(Invalid):
    """That cannot be promised."""


@dataclass(frozen=True)
class Wishes:
    """What a submission asks for, with its task type's word where it says nothing.

    At most one of `due_in_ms` (business time) and `due_at` is given. `escalation` holds steps as they are kept, but
    for the groups, which are still names.
    """

    priority: int | None
    due_in_ms: int | None
    due_at: datetime | None
    on_timeout: str
    on_last_timeout: str
    escalation: Sequence[Mapping[str, Any]]
    approvals_required: int | None = None


def read_wishes(
    document: Mapping[str, Any], *, on_timeout: str, on_last_timeout: str, escalation: Sequence[Mapping[str, Any]]
) -> Wishes:
    """Return the wishes of a body whose shape has been checked; the rest is the task type's.

    Raises:
        StepsRefused: the escalation steps cannot be followed.
    """
    due_in_ms, due_at = _read_deadline(document.get("deadline"))
    steps = document.get("escalation")
    return Wishes(
        priority=document.get("priority"),
        due_in_ms=due_in_ms,
        due_at=due_at,
        on_timeout=document.get("on_timeout") or on_timeout,
        on_last_timeout=on_last_timeout,
        escalation=escalation if steps is None else read_steps(steps),
        approvals_required=document.get("approvals_required"),
    )


def _read_deadline(text: str | None) -> tuple[int | None, datetime | None]:
    if text is None:
        return None, None
    try:
        return parse_duration(text), None
    except DurationInvalid:
        return None, datetime.fromisoformat(text.upper()).astimezone(UTC)


def check_time_out(wishes: Wishes, *, high_risk: bool, document: Mapping[str, Any]) -> None:
    """Refuse to let a clock approve what is of high risk or cannot be undone, whoever asked for it.

    Raises:
        WishRefused: the output would be used at a time-out.
    """
    used = wishes.on_timeout == USE_OUTPUT or (wishes.on_timeout == ESCALATE and wishes.on_last_timeout == USE_OUTPUT)
    if not (used and high_risk):
        return
    whose = "" if document.get("on_timeout") == USE_OUTPUT else ", as its task type says"
    detail = f"cannot be use_output{whose}: this is of high risk or cannot be undone, so only a person may approve it"
    raise WishRefused(faults=[Fault("/on_timeout", detail)])
