"""The answers of reviewers who disagree, as the desk shows them to the lead who settles it, and taken into its form.

Promise: nobody's name is in it; what differs is said in words and by a sign; an answer that the form cannot hold in
whole is said to be so. Pure but for the posted form that it is given. Called by the review pages.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from app.kernel.strict_json import encode_canonically
from app.review.queries import OpenClaim
from app.review.rules.answers import Answer
from app.web.schema_form import Posted, all_orders, build_form, control_name, pointer_of, read_form

_VERBS: Final = {"approve": "approve", "edit": "run with edits", "correct": "correct", "reject": "reject"} | {
    "respond": "answer instead"
}
# What an answer does not have because nothing of it would be sent, and what it sends without this part.
_NOTHING: Final = object()
_LEFT_OUT: Final = object()


def answers_table(opened: OpenClaim) -> dict[str, Any] | None:
    """Return the answers field by field, or None when there are none to settle.

    `rows` hold what differs or is not the model's, `same` the rest: {label, differs, model, cells: [{text, changed}]},
    text None where nothing would be sent.
    """
    if not opened.answers:
        return None
    fields = [field for field in _fields(opened) if any(cell is not _NOTHING for cell in field[2])]
    rows = [_row(label, model, cells) for label, model, cells in fields]
    return {
        "labels": [answer.label for answer in opened.answers],
        "rows": [row for row in rows if row["telling"]],
        "same": [row for row in rows if not row["telling"]],
    }


def find_answer(opened: OpenClaim, label: str) -> Answer | None:
    """Return the answer of this letter."""
    return next((answer for answer in opened.answers if answer.label == label), None)


def fill_form(opened: OpenClaim, answer: Answer) -> tuple[Posted, bool]:
    """Return an answer as posted fields, and whether the form holds the whole of it."""
    fields: dict[str, str | list[str]] = {"adopt": answer.label, "message": answer.message or ""}
    fields["reason_codes"] = list(answer.reason_codes)
    whole = True
    if opened.received.has_output and answer.verb == "correct":
        schema = orjson.loads(opened.task_type.output_schema)
        whole &= _fill(fields, schema, opened.received.output, answer.output, "output")
    given = {action["call_id"]: action for action in answer.actions}
    for n, action in enumerate(opened.received.actions):
        said = given[action.call_id]
        fields |= {f"verb.{n}": said["verb"], f"message.{n}": said["message"] or ""}
        if said["verb"] == "edit":
            whole &= _fill(fields, action.args_schema, action.args, said["args"], f"args.{n}")
    return fields, whole


def _fill(fields: dict[str, str | list[str]], schema: Any, before: Any, after: Any, prefix: str) -> bool:
    orders = all_orders(before, after, lambda way: control_name(prefix, pointer_of(way)))
    shown = build_form(schema, before, {}, {}, prefix, posted=orders)
    wanted = {node.place: node.text for node in build_form(schema, after, {}, {}, prefix).leaves}
    texts = {leaf.name: wanted[leaf.place] for leaf in shown.leaves if leaf.place in wanted} | orders
    fields |= texts
    return bool(read_form(schema, before, texts, prefix=prefix)[0] == after)


def _fields(opened: OpenClaim) -> Iterator[tuple[str, Any, list[Any]]]:
    """Yield a label, the model's value and each answer's value, for whatever an answer can differ in."""
    answers, received = opened.answers, opened.received
    if not received.actions or received.has_output:
        yield "Verdict", _NOTHING, [_VERBS[a.verb] for a in answers]
    if received.has_output:
        sent = [a.output if a.verb in {"approve", "correct"} else _NOTHING for a in answers]
        yield from _leaves("Output", received.output, sent)
    for n, action in enumerate(received.actions):
        said = [next(one for one in a.actions if one["call_id"] == action.call_id) for a in answers]
        name = action.name if len(received.actions) == 1 else f"{n + 1}. {action.name}"
        yield name, _NOTHING, [_VERBS[one["verb"]] for one in said]
        yield from _leaves(name, action.args, [one["args"] if one["run"] else _NOTHING for one in said])
        yield f"{name}: message", _NOTHING, [one["message"] or _NOTHING for one in said]
    yield "Reasons", _NOTHING, [", ".join(a.reason_codes).replace("_", " ") or _NOTHING for a in answers]
    yield "Message", _NOTHING, [a.message or _NOTHING for a in answers]


def _leaves(label: str, model: Any, values: Sequence[Any]) -> Iterator[tuple[str, Any, list[Any]]]:
    flat = [dict(_flatten(value)) for value in (model, *values)]
    places = dict.fromkeys(place for one in flat for place in one)
    for place in places:
        inside = " ".join(place)
        named = f"{label}: {inside}" if inside and label != "Output" else inside or label
        first, *rest = (
            one.get(place, _NOTHING if value is _NOTHING else _LEFT_OUT)
            for one, value in zip(flat, (model, *values), strict=True)
        )
        yield named, first, rest


def _flatten(value: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(value, dict) and value:
        for key, part in value.items():
            yield from _flatten(part, (*place, key))
    elif isinstance(value, list) and value:
        # People count from one, as the form does.
        for n, part in enumerate(value, start=1):
            yield from _flatten(part, (*place, str(n)))
    elif value is not _NOTHING:
        yield place, value


def _row(label: str, model: Any, cells: list[Any]) -> dict[str, Any]:
    sent = [cell for cell in (model, *cells) if cell is not _NOTHING]
    # Values that differ and read alike, such as 1 and "1", are shown as JSON.
    plain = len({_text(one) for one in sent}) == len({_mark(one) for one in sent})
    shown = [{"text": _text(cell, plain=plain), "changed": _is_changed(model, cell)} for cell in cells]
    differs = len({_mark(cell) for cell in cells if cell is not _NOTHING}) > 1
    return {
        "label": label,
        "differs": differs,
        "telling": differs or model is _NOTHING or any(cell["changed"] for cell in shown),
        "model": _text(model, plain=plain),
        "cells": shown,
    }


def _is_changed(model: Any, cell: Any) -> bool:
    return model is not _NOTHING and cell is not _NOTHING and _mark(cell) != _mark(model)


def _mark(value: Any) -> bytes:
    return b"" if value is _LEFT_OUT else encode_canonically(value)


def _text(value: Any, *, plain: bool = True) -> str | None:
    if value is _NOTHING:
        return None
    if value is _LEFT_OUT:
        return "(left out)"
    return value if isinstance(value, str) and plain else orjson.dumps(value).decode()
