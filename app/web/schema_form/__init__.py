"""A JSON Schema and a value as a form that a person can correct, and the posted form back as a value.

Promise: a form posted without a change gives back the very value it was made from: absent keys, null, "",
1 beside 1.0, keys the schema does not know, and line breaks as they were. Only a text that differs from what the
field showed is read anew. Rows of an array can be added, removed and moved; where each stands is posted too (rows.py).
It does not validate against the schema: the caller does, and hands the faults back to `build_form`.
Called by the review pages; pure, it reads no clock, no database and no request.
"""

from app.web.schema_form.build import MAX_DEPTH, build_form
from app.web.schema_form.node import ABSENT, FormNode, Kind, Option, Posted, control_name, normal_breaks, pointer_of
from app.web.schema_form.read import read_form
from app.web.schema_form.rows import ADD, DOWN, REMOVE, UP, all_orders, changed_rows

__all__ = [
    "ABSENT",
    "ADD",
    "DOWN",
    "MAX_DEPTH",
    "REMOVE",
    "UP",
    "FormNode",
    "Kind",
    "Option",
    "Posted",
    "all_orders",
    "build_form",
    "changed_rows",
    "control_name",
    "normal_breaks",
    "pointer_of",
    "read_form",
]
