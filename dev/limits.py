"""The numbers at the doors, each from the place that holds it, so that docs/limits.md cannot say another.

`make docs` writes the page from here; tests/structure compares the numbers with what is promised to programs.
"""

from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel

from app.api.v1.idempotency import KEY_LENGTH
from app.api.v1.shapes.admin import TaskTypeIn
from app.api.v1.shapes.parts import FIRST_YEAR, LAST_YEAR, METADATA_KEYS, NAME_LENGTH, TEXT_LENGTH
from app.api.v1.shapes.queues import MAX_DAYS, MAX_RELAXATIONS
from app.api.v1.shapes.submissions import MAX_ACTIONS, MAX_BATCH, MAX_BLOCKS, MAX_FIELDS, SubmissionQuery
from app.delivery.rules.retries import WAITS_SECONDS
from app.delivery.rules.urls import MAX_LENGTH as URL_LENGTH
from app.delivery.rules.urls import PORTS
from app.edge.requests import BATCH_BYTES, BODY_BYTES, DESK_FORM_BYTES, FORM_BYTES, FORM_FIELDS
from app.edge.waiting import PER_KEY
from app.files.rules import FILE_BYTES, MOST_PIXELS
from app.identity.rules.limits import (
    ATTEMPT_WINDOW,
    LINK_LIFE,
    MAX_FAILURES_PER_ACCOUNT,
    MAX_FAILURES_PER_ADDRESS,
    SESSION_IDLE,
    SESSION_LIFE,
)
from app.identity.rules.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from app.kernel.paging import DEFAULT_LIMIT, MAX_LIMIT
from app.kernel.strict_json import MAX_DEPTH, MAX_INTEGER, MAX_NUMBER_LENGTH
from app.notifications.rules.audience import AT_MOST
from app.notifications.rules.hooks import MAX_HOOKS
from app.notifications.rules.retries import WAITS_SECONDS as MESSAGE_WAITS_SECONDS
from app.queue.rules import CEILING
from app.queue.rules.calendars import HORIZON, OPENS_WITHIN, SPANS_A_DAY
from app.queue.rules.escalation import MAX_STEPS as STEPS
from app.routing.rules.cost import MAX_STEPS
from app.routing.rules.document import MAX_RULES
from app.routing.rules.expressions import MAX_EXPRESSION_LENGTH, POLICY_BUDGET_NS, RULE_BUDGET_NS
from app.settings import DEFAULT_RATE_LIMIT
from app.submissions.service.idempotency import KEEP_FOR, WAIT_MS

KIB: Final = 1024
Rows = tuple[tuple[str, str], ...]


def bound(shape: type[BaseModel], field: str, which: str) -> Any:
    """Return a bound (`ge`, `le`, `max_length`, ...) that a shape puts on a field."""
    (found,) = [getattr(m, which) for m in shape.model_fields[field].metadata if hasattr(m, which)]
    return found


def _span(shape: type[BaseModel], field: str) -> str:
    default = shape.model_fields[field].default
    return f"{bound(shape, field, 'ge'):,} to {bound(shape, field, 'le'):,}, {default:,} if not given"


def _bytes(number: int) -> str:
    return f"{number // KIB // KIB} MiB" if number % (KIB * KIB) == 0 else f"{number // KIB} KiB"


def _time(length: timedelta) -> str:
    for unit, seconds in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, rest = divmod(int(length.total_seconds()), seconds)
        if count and not rest:
            return f"{count} {unit}{'s' if count > 1 else ''}"
    raise ValueError(length)


def _bodies() -> Rows:
    return (
        ("JSON body", _bytes(BODY_BYTES)),
        (
            "JSON body of a batch",
            f"{_bytes(BATCH_BYTES)}, {MAX_BATCH:,} submissions, each as large as a body of its own",
        ),
        ("form", f"{_bytes(FORM_BYTES)}, {FORM_FIELDS:,} fields"),
        ("form with an item's output", f"{_bytes(DESK_FORM_BYTES)}, {FORM_FIELDS:,} fields"),
        ("file", f"{_bytes(FILE_BYTES)}; an image {MOST_PIXELS:,} pixels"),
        ("nested arrays and objects, the outermost counted", f"{MAX_DEPTH}"),
        ("integers", f"-{MAX_INTEGER} to {MAX_INTEGER}"),
        ("digits and signs of one number", f"{MAX_NUMBER_LENGTH:,}"),
        ("names", f"{NAME_LENGTH} characters"),
        ("longer texts", f"{TEXT_LENGTH:,} characters"),
        ("instants", f"years {FIRST_YEAR} to {LAST_YEAR}, with an offset"),
        ("metadata", f"{METADATA_KEYS} keys"),
        ("actions of a submission", f"{MAX_ACTIONS}"),
        ("context blocks of a submission", f"{MAX_BLOCKS}"),
        ("field confidences of a submission", f"{MAX_FIELDS}"),
    )


def _calls() -> Rows:
    return (
        ("calls of one key", f"{DEFAULT_RATE_LIMIT}, set by PROOFDESK_RATE_LIMIT"),
        ("rows of a page", f"{DEFAULT_LIMIT}, at most {MAX_LIMIT}"),
        ("`Idempotency-Key`", f"1 to {KEY_LENGTH} visible ASCII characters, kept for {_time(KEEP_FOR)}"),
        ("wait for a call that runs under the same key", f"{_time(timedelta(milliseconds=WAIT_MS))}"),
        ("`wait` of a long poll", f"{bound(SubmissionQuery, 'wait', 'le')} seconds"),
        ("calls of one key that wait at once", f"{PER_KEY}; in all, half the threads of a process"),
    )


def _task_types() -> Rows:
    return (
        ("`claim_seconds`", _span(TaskTypeIn, "claim_seconds")),
        ("`cap_seconds`", _span(TaskTypeIn, "cap_seconds")),
        ("`undo_seconds`", _span(TaskTypeIn, "undo_seconds")),
        ("`approvals_required`", _span(TaskTypeIn, "approvals_required")),
        ("`rejections_required`", _span(TaskTypeIn, "rejections_required")),
        ("`double_review_rate`", _span(TaskTypeIn, "double_review_rate")),
        ("`max_reviewers`", _span(TaskTypeIn, "max_reviewers")),
        ("a claim that beats keep alive", f"{_time(CEILING)} at most"),
        ("rules of a policy", f"{MAX_RULES}"),
        ("one rule", f"{MAX_EXPRESSION_LENGTH:,} characters, {MAX_STEPS:,} steps of loops"),
        ("worst case of one rule for one submission", f"{RULE_BUDGET_NS // 1_000_000} ms"),
        ("worst case of all rules of a policy together", f"{POLICY_BUDGET_NS // 1_000_000:,} ms"),
    )


def _queues() -> Rows:
    return (
        ("escalation steps of a submission or a task type", f"{STEPS}"),
        ("deadline", "a second to 366 days, or an instant"),
        ("due times", f"at most {HORIZON.days:,} days away, whatever the calendar"),
        ("relaxations of a queue", f"{MAX_RELAXATIONS}"),
        ("spans of work a day", f"{SPANS_A_DAY}"),
        ("closed and open days of a calendar", f"{MAX_DAYS:,} each"),
        ("a calendar opens", f"within {OPENS_WITHIN.days} days"),
    )


def _signing_in() -> Rows:
    return (
        ("password", f"{MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"),
        ("failed tries for one account", f"{MAX_FAILURES_PER_ACCOUNT} in {_time(ATTEMPT_WINDOW)}"),
        ("failed tries from one address", f"{MAX_FAILURES_PER_ADDRESS} in {_time(ATTEMPT_WINDOW)}"),
        ("one-time link", _time(LINK_LIFE)),
        ("session", f"{_time(SESSION_LIFE)}, or {_time(SESSION_IDLE)} unused"),
    )


def _webhooks() -> Rows:
    hours, seconds = divmod(sum(WAITS_SECONDS), 3600)
    return (
        (
            "address",
            f"{URL_LENGTH:,} characters, https, ports {', '.join(map(str, sorted(PORTS)))}, public addresses only; "
            "PROOFDESK_ALLOW_PRIVATE_ENDPOINTS lifts that for loopback and private ones",
        ),
        ("tries of one delivery", f"{len(WAITS_SECONDS)} over {hours} h {seconds // 60} min"),
    )


def _notifications() -> Rows:
    return (
        ("people who are told that one item is due soon", f"{AT_MOST}, unless somebody holds it"),
        ("tries of one message", f"{len(MESSAGE_WAITS_SECONDS)} over {sum(MESSAGE_WAITS_SECONDS) // 3600} h"),
        ("chat hooks of a workspace", f"{MAX_HOOKS}"),
    )


def sections() -> dict[str, Rows]:
    """Return the tables of the page: what is limited and to what, by title."""
    return {
        "What a body may be": _bodies(),
        "Calls": _calls(),
        "Task types and policies": _task_types(),
        "Queues and calendars": _queues(),
        "Signing in": _signing_in(),
        "Webhooks": _webhooks(),
        "Notifications": _notifications(),
    }
