"""A JSON Schema and a value as a form that a person can correct, and the posted form back as a value.

Promise: a form posted without a change gives back the very value it was made from: absent keys, null, "",
1 beside 1.0, keys the schema does not know, and line breaks as they were. Only a text that differs from what the
field showed is read anew. Rows of an array can be edited; adding and removing rows is not offered.
It does not validate against the schema: the caller does, and hands the faults back to `build_form`.
Called by the review pages; pure, it reads no clock, no database and no request.
"""

from app.web.schema_form.build import MAX_DEPTH, build_form
from app.web.schema_form.node import ABSENT, FormNode, Kind, Option, Posted, control_name
from app.web.schema_form.read import read_form

__all__ = [
    "ABSENT",
    "MAX_DEPTH",
    "FormNode",
    "Kind",
    "Option",
    "Posted",
    "build_form",
    "control_name",
    "read_form",
]
