"""Read what the desk's form posted: the verdict, the corrected fields, the proof of what was shown.

A field that was not posted is unchanged. What cannot be read becomes a fault with the pointer that the API would give.
Called by the review pages.
"""

from dataclasses import replace
from typing import Any

import orjson
from flask import request

from app.kernel.errors import Fault
from app.review.queries import OpenClaim
from app.review.rules.answers import Answer, adopt
from app.review.rules.verdict import ActionVerdict, Verdict
from app.web.schema_form import read_form


def posted_fields() -> dict[str, str | list[str]]:
    """Return the posted fields; one that was posted several times as a list."""
    return {name: values if len(values) > 1 else values[0] for name, values in request.form.lists()}


def read_token() -> int:
    """Return the posted fencing token, or 0, which no claim ever has."""
    text = request.form.get("token", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def read_digest() -> bytes:
    """Return the posted digest of what was shown, or zeros, which no content ever has."""
    text = request.form.get("content_sha256", "")
    is_digest = len(text) == 64 and set(text) <= set("0123456789abcdef")
    return bytes.fromhex(text) if is_digest else bytes(32)


def field_label(name: str) -> str:
    """Return what a control is called on the page, from its name."""
    where, _, place = name.partition("/")
    return place.replace("/", " ") if place else where.replace("_", " ").capitalize()


def is_edited(opened: OpenClaim) -> bool:
    """Say whether the fields differ from what the model wrote."""
    if opened.received.has_output and _read_output(opened)[0] != opened.received.output:
        return True
    return any(_read_args(opened, n)[0] != a.args for n, a in enumerate(opened.received.actions))


def read_verdict(opened: OpenClaim, verb: str, answer: Answer | None = None) -> tuple[Verdict, list[Fault]]:
    """Read the posted verdict, with what could not be read of it.

    Args:
        answer: The one that was chosen of those who disagree; "adopt" decides with it as it is.
    """
    reasons = tuple(request.form.getlist("reason_codes"))
    message = request.form.get("message", "").strip() or None
    note = request.form.get("note", "").strip() or None
    plain = Verdict(verb=verb, message=message, note=note, reason_codes=reasons)
    if verb in {"adopt", "fill"}:
        if answer is None:
            return plain, [Fault("", "Choose one of the answers.")]
        return replace(adopt(answer, opened.received), note=note), []
    if verb == "reject" and not reasons and not message:
        return plain, [Fault("", "Give a reason or a message with a rejection.")]
    if verb == "decide":
        return _verdict_on_actions(opened, plain)
    if verb == "correct":
        value, faults = _read_output(opened)
        return Verdict("correct", value, True, message=message, note=note, reason_codes=reasons), faults
    if verb in {"approve", "reject", "respond"}:
        return plain, []
    return plain, [Fault("", "Choose what to do with the item.")]


def _verdict_on_actions(opened: OpenClaim, plain: Verdict) -> tuple[Verdict, list[Fault]]:
    verdicts, faults = [], []
    for n, action in enumerate(opened.received.actions):
        verb = request.form.get(f"verb.{n}", "")
        args = None
        if verb == "edit":
            args, wrong = _read_args(opened, n)
            faults += wrong
        message = request.form.get(f"message.{n}", "").strip() or None
        verdicts.append(ActionVerdict(action.call_id, verb, args, message))
    output, changed = None, False
    if opened.received.has_output:
        output, wrong = _read_output(opened)
        faults += wrong
        changed = output != opened.received.output
    verdict = Verdict(
        None, output if changed else None, changed, tuple(verdicts), plain.message, plain.note, plain.reason_codes
    )
    return verdict, faults


def _read_output(opened: OpenClaim) -> tuple[Any, list[Fault]]:
    schema = orjson.loads(opened.task_type.output_schema)
    value, faults = read_form(schema, opened.received.output, posted_fields(), prefix="output")
    return value, [Fault(f"/output{f.pointer}", f.detail) for f in faults]


def _read_args(opened: OpenClaim, position: int) -> tuple[Any, list[Fault]]:
    action = opened.received.actions[position]
    value, faults = read_form(action.args_schema, action.args, posted_fields(), prefix=f"args.{position}")
    return value, [Fault(f"/actions/{position}/args{f.pointer}", f.detail) for f in faults]
