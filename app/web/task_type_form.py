"""The form of a task type: its values, what was posted, and the definition that it says. Called by its pages."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import orjson
from flask import request

from app.identity.rules.names import MAX_NAME_LENGTH
from app.kernel.errors import Invalid
from app.kernel.strict_json import BadJSON, decode
from app.queue.rules import read_steps
from app.submissions.models import TaskType
from app.submissions.rules.task_type import SECOND_PERSON, TYPED
from app.submissions.service import TaskTypeDefinition
from app.web.durations import read_duration, write_duration
from app.web.settings_forms import faults_of, lines, typed

LONGEST_SCHEMA: Final = 200_000
LONGEST_GUIDELINES: Final = 20_000
MOST_STEPS: Final = 10
_MORE: Final = 2
ON_TIMEOUT: Final[Mapping[str, str]] = {
    "escalate": "take the next escalation step",
    "reject": "it is rejected",
    "use_output": "the output is used as it stands, unless it is of high risk",
    "expire": "it ends undecided",
}
ON_LAST_TIMEOUT: Final[Mapping[str, str]] = {"stay": "it stays in line"} | {
    word: says for word, says in ON_TIMEOUT.items() if word != "escalate"
}
HIGH_RISK_WORDS: Final[Mapping[str, str]] = {
    TYPED: "the reviewer types its name",
    SECOND_PERSON: "a second person approves it too",
}
# The least and the most of whole numbers, and of lengths of time in ms with the column that each one is kept in.
_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "approvals_required": (1, 10),
    "rejections_required": (1, 10),
    "max_reviewers": (2, 10),
    "undo_seconds": (0, 86_400),
    "cap_seconds": (30, 300),
}
_LENGTHS: Final[Mapping[str, tuple[str, int, int]]] = {
    "sla": ("sla_ms", 1_000, 366 * 86_400_000),
    "claim": ("claim_ms", 5_000, 86_400_000),
    "grant": ("grant_ms", 60_000, 30 * 86_400_000),
}
FIELDS: Final = (
    *("name", "queue", "output_schema", "guidelines", "reason_codes", "on_timeout", "on_last_timeout"),
    *("high_risk_check", "double_review_rate", "escalation", "example", *_NUMBERS, *_LENGTHS),
)


def usual_values() -> dict[str, Any]:
    """Return what the form of a new task type shows."""
    new = TaskTypeDefinition(name="")
    schema = {"type": "object", "properties": {"city": {"type": "string", "title": "City"}}, "required": ["city"]}
    return {**_values(new), "output_schema": _pretty(schema)}


def kept_values(task_type: TaskType) -> dict[str, Any]:
    """Return what the form of a task type shows."""
    return {**_values(task_type), "output_schema": _pretty(orjson.loads(task_type.output_schema))}


def _values(kept: TaskType | TaskTypeDefinition) -> dict[str, Any]:
    steps = [
        {
            "after": write_duration(step["after_ms"]),
            "queue": step.get("queue", ""),
            "groups": "\n".join(step.get("groups", [])),
            "leads": bool(step.get("leads")),
            "priority": "" if step.get("priority") is None else str(step["priority"]),
        }
        for step in kept.escalation
    ]
    return {
        "name": kept.name,
        "queue": kept.queue,
        "guidelines": kept.guidelines,
        "reason_codes": "\n".join(kept.reason_codes),
        "on_timeout": kept.on_timeout,
        "on_last_timeout": kept.on_last_timeout,
        "high_risk_check": kept.high_risk_check,
        "double_review_rate": f"{kept.double_review_rate * 100:f}".rstrip("0").rstrip(".") or "0",
        "approvals_required": str(kept.approvals_required),
        "rejections_required": str(kept.rejections_required),
        "max_reviewers": str(kept.max_reviewers),
        "undo_seconds": str(kept.undo_ms // 1_000),
        "cap_seconds": str(kept.cap_ms // 1_000),
        "unskippable": kept.unskippable,
        **{field: write_duration(getattr(kept, column)) for field, (column, _, _) in _LENGTHS.items()},
        "steps": _with_room(steps),
        "example": "",
    }


def _pretty(schema: Any) -> str:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()


def _with_room(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    empty = {"after": "", "queue": "", "groups": "", "leads": False, "priority": ""}
    return [*steps, *[dict(empty) for _ in range(_MORE)]][:MOST_STEPS]


def posted_values(name: str | None) -> dict[str, Any]:
    """Return what was posted, in the shape of the form's values.

    Args:
        name: Of the task type that is there already; None takes the typed one.
    """
    steps = []
    for number in range(MOST_STEPS):
        step = {
            "after": typed(f"after.{number}"),
            "queue": typed(f"queue.{number}"),
            "groups": "\n".join(lines(f"groups.{number}")),
            "leads": f"leads.{number}" in request.form,
            "priority": typed(f"priority.{number}"),
        }
        if any(step.values()):
            steps.append(step)
    plain = ("queue", "on_timeout", "on_last_timeout", "high_risk_check", "double_review_rate", *_NUMBERS, *_LENGTHS)
    return {
        "name": typed("name") if name is None else name,
        **{field: typed(field) for field in plain},
        "output_schema": request.form.get("output_schema", "")[: LONGEST_SCHEMA + 1],
        "guidelines": request.form.get("guidelines", "")[: LONGEST_GUIDELINES + 1].replace("\r\n", "\n"),
        "reason_codes": "\n".join(lines("reason_codes")),
        "unskippable": "unskippable" in request.form,
        "steps": _with_room(steps),
        "example": request.form.get("example", "")[: LONGEST_SCHEMA + 1],
    }


def read_definition(values: Mapping[str, Any]) -> tuple[TaskTypeDefinition | None, dict[str, str]]:
    """Return what a form defines, or what is wrong with it, by field."""
    faults: dict[str, str] = {}
    schema = _read_json(values, "output_schema", faults)
    if not isinstance(schema, dict) and "output_schema" not in faults:
        faults["output_schema"] = "A schema is a JSON object."
    rate = _read_share(values["double_review_rate"])
    if rate is None:
        faults["double_review_rate"] = "Give a percentage of 0 to 100."
    numbers = {field: _read_number(values[field], field, faults) for field in _NUMBERS}
    lengths = {column: _read_length(values[field], field, faults) for field, (column, _, _) in _LENGTHS.items()}
    steps = _read_steps(values["steps"], faults)
    faults |= _word_faults(values)
    if faults or not isinstance(schema, dict) or rate is None:
        return None, faults
    return TaskTypeDefinition(
        name=values["name"],
        output_schema=schema,
        guidelines=values["guidelines"],
        reason_codes=values["reason_codes"].splitlines(),
        on_timeout=values["on_timeout"],
        on_last_timeout=values["on_last_timeout"],
        high_risk_check=values["high_risk_check"],
        escalation=steps,
        approvals_required=numbers["approvals_required"],
        rejections_required=numbers["rejections_required"],
        double_review_rate=rate,
        max_reviewers=numbers["max_reviewers"],
        unskippable=values["unskippable"],
        queue=values["queue"],
        undo_ms=numbers["undo_seconds"] * 1_000,
        cap_ms=numbers["cap_seconds"] * 1_000,
        **lengths,
    ), {}


def _word_faults(values: Mapping[str, Any]) -> dict[str, str]:
    codes = values["reason_codes"].splitlines()
    wrong = {
        "name": not 0 < len(values["name"]) <= MAX_NAME_LENGTH,
        "queue": not 0 < len(values["queue"]) <= MAX_NAME_LENGTH,
        "guidelines": len(values["guidelines"]) > LONGEST_GUIDELINES,
        "reason_codes": len(codes) > 100 or any(len(code) > MAX_NAME_LENGTH for code in codes),
        "on_timeout": values["on_timeout"] not in ON_TIMEOUT,
        "on_last_timeout": values["on_last_timeout"] not in ON_LAST_TIMEOUT,
        "high_risk_check": values["high_risk_check"] not in HIGH_RISK_WORDS,
    }
    says = {
        "guidelines": f"These are longer than {LONGEST_GUIDELINES:,} characters.",
        "reason_codes": f"Give at most 100, each of at most {MAX_NAME_LENGTH} characters.",
        "on_timeout": "Choose one of these.",
        "on_last_timeout": "Choose one of these.",
        "high_risk_check": "Choose one of these.",
    }
    return {
        field: says.get(field, f"Give 1 to {MAX_NAME_LENGTH} characters.")
        for field, is_wrong in wrong.items()
        if is_wrong
    }


def _read_json(values: Mapping[str, Any], field: str, faults: dict[str, str]) -> Any:
    text = values[field]
    if len(text) > LONGEST_SCHEMA:
        faults[field] = f"This is longer than {LONGEST_SCHEMA:,} characters."
        return None
    try:
        return decode(text.encode())
    except BadJSON as error:
        faults[field] = f"This is not JSON: {error.detail}"
    except UnicodeEncodeError:
        faults[field] = "This holds a character that cannot be kept."
    return None


def read_example(values: Mapping[str, Any], faults: dict[str, str]) -> Any:
    """Return the example output that was typed, or None when there is none or it cannot be read."""
    return _read_json(values, "example", faults) if values["example"].strip() else None


def _read_number(text: str, field: str, faults: dict[str, str]) -> int:
    least, most = _NUMBERS[field]
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        faults[field] = f"Give a whole number of {least} to {most}."
        return least
    return int(text)


def _read_length(text: str, field: str, faults: dict[str, str]) -> int:
    _, least, most = _LENGTHS[field]
    found = read_duration(text)
    if found is None or not least <= found <= most:
        faults[field] = f"Give a length of {write_duration(least)} to {write_duration(most)}, such as 4 h or 2 d."
        return least
    return found


def _read_share(text: str) -> Decimal | None:
    try:
        percent = Decimal(text)
    except InvalidOperation:
        return None
    return percent / 100 if percent.is_finite() and 0 <= percent <= 100 else None


def _read_steps(steps: list[dict[str, Any]], faults: dict[str, str]) -> list[dict[str, Any]]:
    given = []
    for step in steps:
        if not any(step.values()):
            continue
        after, priority = read_duration(step["after"]), step["priority"]
        if after is None:
            faults["escalation"] = "Say of each step after how long it is taken, such as 30 min or 4 h."
            return []
        groups = step["groups"].splitlines()
        if priority and not (priority.isascii() and priority.isdigit() and len(priority) <= 3 and int(priority) <= 100):
            faults["escalation"] = "A priority is a whole number of 0 to 100."
            return []
        if len(groups) > 20 or any(len(name) > MAX_NAME_LENGTH for name in (step["queue"], *groups)):
            faults["escalation"] = (
                f"Name a queue and at most 20 groups, each with at most {MAX_NAME_LENGTH} characters."
            )
            return []
        to = {"queue": step["queue"], "groups": groups, "leads": step["leads"]}
        given.append({"after": f"PT{after // 1_000}S", "to": to, "priority": int(priority) if priority else None})
    try:
        return read_steps(given)
    except Invalid as error:
        faults["escalation"] = faults_of(error)["escalation"]
        return []
