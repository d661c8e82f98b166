"""Read a posted form back into the value that it stands for.

Promise: a field whose text is what it showed keeps its original value to the bit; so does one that was not posted
or could not be read. Keys keep their order. Names that the form does not have are ignored, so a post can reach
nothing but the fields shown. Called through app.web.schema_form.
"""

import json
from typing import Any, Final

from app.kernel.errors import Fault
from app.web.schema_form.build import build_form
from app.web.schema_form.node import ABSENT, FormNode, Posted, normal_breaks
from app.web.schema_form.typed import Unreadable, parse_json, parse_number, parse_text

_EMPTY: Final = "This field cannot be left empty."


def read_form(schema: Any, original_value: Any, posted: Posted, *, prefix: str = "") -> tuple[Any, list[Fault]]:
    """The corrected value, and one fault for every field whose text could not be read.

    `schema`, `original_value` and `prefix` are those that the form was built with. An emptied field is left out
    when it is optional, else null when it may be, else "" when it is text; a number cannot be emptied.
    """
    faults: list[Fault] = []
    root = build_form(schema, original_value, {}, {}, prefix, posted=posted)
    return _read(root, posted, faults), faults


def _read(node: FormNode, posted: Posted, faults: list[Fault]) -> Any:
    if node.kind == "object":
        return _read_object(node, posted, faults)
    if node.kind == "array":
        rows = [_read_row(child, posted, faults) for child in node.children]
        return rows if rows or isinstance(node.original, list) else node.original
    raw = posted.get(node.name)
    if isinstance(raw, list) and len(raw) > 1:
        faults.append(Fault(node.place, "This field was sent twice."))
        return node.original
    text = raw[0] if isinstance(raw, list) and raw else raw
    if node.read_only or not isinstance(text, str):
        return node.original
    if normal_breaks(text) == normal_breaks(node.original_text):
        return node.original
    try:
        return _parse(node, normal_breaks(text))
    except Unreadable as error:
        faults.append(Fault(node.place, str(error)))
        return node.original


def _read_row(node: FormNode, posted: Posted, faults: list[Fault]) -> Any:
    """Read a row, which is there even when nothing was typed into a new one."""
    before = len(faults)
    value = _read(node, posted, faults)
    if value is not ABSENT:
        return value
    empty = {"object": {}, "array": [], "string": ""}
    if node.kind not in empty and len(faults) == before:
        faults.append(Fault(node.place, _EMPTY))
    return empty.get(node.kind)


def _read_object(node: FormNode, posted: Posted, faults: list[Fault]) -> Any:
    read = {child.key: _read(child, posted, faults) for child in node.children}
    before = node.original if isinstance(node.original, dict) else {}
    order = [*before, *(key for key in read if key not in before)]
    value = {key: read[key] for key in order if read[key] is not ABSENT}
    # A group that was not there stays away as long as nobody fills one of its fields.
    return value if value or isinstance(node.original, dict) else node.original


def _parse(node: FormNode, text: str) -> Any:
    if node.kind in ("choice", "boolean"):
        if text not in [option.token for option in node.options]:
            raise Unreadable("This is not one of the choices.")
        return ABSENT if text == "" else json.loads(text)
    if text == "" or (node.kind != "string" and text.strip() == ""):
        return _emptied(node)
    if node.kind == "json":
        return parse_json(text, depth=node.pointer.count("/"))
    if node.kind in ("number", "integer"):
        return parse_number(text, whole=node.kind == "integer")
    return parse_text(text, node.original)


def _emptied(node: FormNode) -> Any:
    if not node.required:
        return ABSENT
    if node.nullable:
        return None
    if node.kind == "string":
        return ""
    raise Unreadable(_EMPTY)
