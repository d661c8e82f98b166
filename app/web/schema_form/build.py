"""Build the tree of fields from a JSON Schema and a value.

Promise: every part of the value has a field, also what the schema does not know or contradicts; what cannot be
drawn (references, alternatives, other types, deep nesting) becomes a field of raw JSON. Doubtful fields come first
within their group, because that is where a reviewer starts; rows of an array keep their order.
Decides nothing about validity. Called through app.web.schema_form.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.kernel.errors import Fault
from app.web.schema_form.node import ABSENT, FormNode, Kind, Option, Posted, child_pointer, control_name
from app.web.schema_form.rows import bounds, like, row_slots
from app.web.schema_form.typed import dump_json

MAX_DEPTH = 6
LONG_LINE = 72
_UNSUPPORTED = ("$ref", "$dynamicRef", "oneOf", "anyOf", "allOf")
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


@dataclass(frozen=True)
class _Place:
    """Where the walk stands: the value, its schema, and what the parent knows of it."""

    schema: Any
    value: Any
    pointer: str
    key: str
    depth: int = 0
    required: bool = True
    declared: bool = True
    read_only: bool = False
    label: str = ""
    at: str = ""


@dataclass(frozen=True)
class _Marks:
    """What is written onto the nodes beside their values."""

    prefix: str
    confidences: Mapping[str, float | None]
    thresholds: Mapping[str, float]
    posted: Posted
    faults: tuple[Fault, ...]


def build_form(
    schema: Any,
    value: Any,
    confidences: Mapping[str, float | None],
    thresholds: Mapping[str, float],
    prefix: str,
    *,
    posted: Posted | None = None,
    faults: Sequence[Fault] = (),
    label: str = "Output",
) -> FormNode:
    """The form for `value`; with `schema` None the value's own shape is all that is known.

    Confidences and thresholds are keyed by JSON Pointer (the root is ""). A field is doubtful when it has a
    threshold and its confidence is below it or unknown. `posted` shows a draft or a refused post instead of the
    original, with its rows; a fault stands at the deepest node that its pointer reaches in what would be sent.
    Every control's name begins with `prefix`.
    """
    marks = _Marks(prefix, confidences, thresholds, posted or {}, tuple(faults))
    return _node(_Place(schema, value, "", label), marks)


def _node(place: _Place, marks: _Marks) -> FormNode:
    schema = place.schema if isinstance(place.schema, dict) else {}
    kind, nullable = _shape(schema, place)
    place = replace(place, read_only=place.read_only or schema.get("readOnly") is True or kind == "null")
    confidence = marks.confidences.get(place.pointer)
    threshold = marks.thresholds.get(place.pointer)
    doubtful = threshold is not None and (confidence is None or confidence < threshold)
    children = _children(kind, schema, place, marks)
    node = FormNode(
        kind=kind,
        pointer=place.pointer,
        name=control_name(marks.prefix, place.pointer),
        key=place.key,
        label=place.label or _text(schema, "title") or place.key,
        original=place.value,
        help=_text(schema, "description"),
        children=children,
        confidence=confidence,
        threshold=threshold,
        doubtful=doubtful,
        doubt_inside=doubtful or any(child.doubt_inside for child in children),
        required=place.required,
        nullable=nullable,
        read_only=place.read_only,
        declared=place.declared,
        mismatch=kind == "json" and _has_other_type(schema, place.value),
        format=_text(schema, "format"),
        faults=_faults_at(place.at, children, marks.faults),
        place=place.at,
    )
    if node.kind == "array":
        return _with_rows(node, schema)
    return node if node.is_group else _with_text(node, schema, marks.posted)


def _with_rows(node: FormNode, schema: Mapping[str, Any]) -> FormNode:
    within = None if node.read_only else bounds(schema)
    if within is None:
        return node
    slots = tuple(child.key for child in node.children)
    return replace(
        node,
        rows=slots,
        rows_changed=slots != row_slots(node.original, None),
        may_add=len(slots) < within[1],
        may_remove=len(slots) > within[0],
    )


def _with_text(node: FormNode, schema: Mapping[str, Any], posted: Posted) -> FormNode:
    original_text = _text_of(node)
    given = posted.get(node.name)
    shown = given[-1] if isinstance(given, list) and given else given
    text = shown if isinstance(shown, str) and not node.read_only else original_text
    # A one-line input silently drops line breaks, so a text that has one never stands in it.
    broken = re.search(r"[\r\n]", original_text + text) is not None
    long = max(len(original_text), len(text)) > LONG_LINE
    multiline = node.kind == "json" or (node.kind == "string" and (broken or long or node.pointer == ""))
    return replace(node, options=_options(node, schema), text=text, original_text=original_text, multiline=multiline)


def _shape(schema: Mapping[str, Any], place: _Place) -> tuple[Kind, bool]:
    """The kind of control, and whether null is allowed beside it."""
    if any(word in schema for word in _UNSUPPORTED):
        return "json", False
    if isinstance(schema.get("enum"), list) or "const" in schema:
        return "choice", False
    types = _types(schema)
    nullable = "null" in types and len(types) > 1
    others = [one for one in types if one != "null"] or types
    if not others:
        return _inferred(schema, place), False
    fits = place.value is ABSENT or (place.value is None and nullable) or _is_a(others[0], place.value)
    if len(others) > 1 or others[0] not in _TYPES or not fits:
        return "json", nullable
    return _not_too_deep(others[0], place), nullable


def _inferred(schema: Mapping[str, Any], place: _Place) -> Kind:
    """The kind that the value itself has, for a schema that names no type."""
    if place.value is ABSENT and isinstance(schema.get("properties"), dict):
        return _not_too_deep("object", place)
    kinds: tuple[Kind, ...] = ("object", "array", "string", "boolean", "number")
    return _not_too_deep(next((one for one in kinds if _is_a(one, place.value)), "json"), place)


def _not_too_deep(kind: Kind, place: _Place) -> Kind:
    return "json" if kind in ("object", "array") and place.depth >= MAX_DEPTH else kind


def _types(schema: Mapping[str, Any]) -> list[Any]:
    named = schema.get("type")
    return [named] if isinstance(named, str) else list(named) if isinstance(named, list) else []


def _is_a(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _TYPES.get(kind, ()))


def _has_other_type(schema: Mapping[str, Any], value: Any) -> bool:
    types = _types(schema)
    return bool(types) and value is not ABSENT and not any(_is_a(str(one), value) for one in types)


def _text(schema: Mapping[str, Any], word: str) -> str:
    found = schema.get(word)
    return found if isinstance(found, str) else ""


def _children(kind: Kind, schema: Mapping[str, Any], place: _Place, marks: _Marks) -> tuple[FormNode, ...]:
    if kind == "array":
        return tuple(_node(row, marks) for row in _rows(schema, place, marks))
    if kind == "object":
        nodes = [_node(one, marks) for one in _keys(schema, place)]
        return tuple(sorted(nodes, key=lambda node: not node.doubt_inside))
    return ()


def _rows(schema: Mapping[str, Any], place: _Place, marks: _Marks) -> list[_Place]:
    fixed = schema.get("prefixItems")
    schemas = fixed if isinstance(fixed, list) else []
    value = place.value if isinstance(place.value, list) else []
    movable = not place.read_only and bounds(schema) is not None
    given = marks.posted.get(control_name(marks.prefix, place.pointer)) if movable else None
    places = []
    for n, slot in enumerate(row_slots(value, given)):
        part = schemas[n] if n < len(schemas) else schema.get("items")
        row = ABSENT if slot.startswith("n") else value[int(slot)]
        if row is ABSENT:
            part = part if isinstance(part, dict) else like(value[0]) if value else {}
            row = part.get("default", ABSENT)
        named = _text(part, "title") if isinstance(part, dict) else ""
        below = _below(place, part, row, slot)
        # People count from one; the pointer still counts from zero.
        places.append(replace(below, label=f"{named} {n + 1}".strip(), at=child_pointer(place.at, str(n))))
    return places


def _keys(schema: Mapping[str, Any], place: _Place) -> list[_Place]:
    value = place.value if isinstance(place.value, dict) else {}
    properties, needed = schema.get("properties"), schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    # Where no schema says which keys may be missing, emptying a field empties it and does not remove the key.
    required = needed if isinstance(needed, list) else () if schema else tuple(value)
    other = schema.get("additionalProperties")
    return [
        _below(place, part, value.get(key, ABSENT), key, required=key in required) for key, part in known.items()
    ] + [
        _below(place, other, part, key, required=key in required, declared=not known or isinstance(other, dict))
        for key, part in value.items()
        if key not in known
    ]


def _below(
    parent: _Place, schema: Any, value: Any, key: str, *, required: bool = True, declared: bool = True
) -> _Place:
    pointer, at = child_pointer(parent.pointer, key), child_pointer(parent.at, key)
    return _Place(schema, value, pointer, key, parent.depth + 1, required, declared, parent.read_only, at=at)


def _faults_at(place: str, children: Sequence[FormNode], faults: Sequence[Fault]) -> tuple[str, ...]:
    def reaches(base: str, fault: Fault) -> bool:
        return fault.pointer == base or fault.pointer.startswith(base + "/")

    return tuple(
        fault.detail
        for fault in faults
        if reaches(place, fault) and not any(reaches(child.place, fault) for child in children)
    )


def _options(node: FormNode, schema: Mapping[str, Any]) -> tuple[Option, ...]:
    if node.kind not in ("choice", "boolean"):
        return ()
    listed = schema.get("enum")
    values = list(listed) if isinstance(listed, list) else [schema["const"]] if "const" in schema else [True, False]
    if node.nullable:
        values.append(None)
    options = [Option(_token(one), one if isinstance(one, str) and one else _token(one)) for one in values]
    current = _token(node.original)
    if node.original is not ABSENT and current not in [option.token for option in options]:
        options.insert(0, Option(current, f"{current} (not in the list)"))
    if node.original is ABSENT or not node.required:
        options.append(Option("", "left out"))
    return tuple(options)


def _token(value: Any) -> str:
    return "" if value is ABSENT else json.dumps(value)


def _text_of(node: FormNode) -> str:
    """What the control shows for the original value; unequal values of one kind never look equal here."""
    if node.kind in ("choice", "boolean"):
        return _token(node.original)
    if node.original is ABSENT:
        return ""
    if node.original is None:
        return "null" if node.kind in ("json", "null") else ""
    return str(node.original) if node.kind == "string" else dump_json(node.original)
