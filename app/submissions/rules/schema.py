"""Checks against a JSON Schema (draft 2020-12 unless the schema names another).

Schemas are compiled once and kept; references to anywhere outside the document are refused, because a check must not
go out to fetch. Called when a task type is defined, when an output arrives, and when a reviewer corrects one.
"""

from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from app.kernel.errors import Fault, Invalid

MAX_FAULTS = 20


class SchemaRefused(Invalid):
    """That is not a JSON Schema that can be used here."""


@lru_cache(maxsize=512)
def _compiled(schema_text: str) -> jsonschema_rs.Validator:
    schema = orjson.loads(schema_text)
    # The linear-time engine: a pattern of a schema meets text from a model, and must not be able to stall on it.
    return jsonschema_rs.validator_for(
        schema, offline=True, pattern_options=jsonschema_rs.RegexOptions(), validate_formats=True
    )


def check_schema(schema_text: str, *, pointer: str) -> None:
    """Refuse a schema that cannot be compiled.

    Raises:
        SchemaRefused: with the compiler's reason, at `pointer`.
    """
    try:
        _compiled(schema_text)
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        reason = str(error).split("\n")[0][:300]
        raise SchemaRefused(faults=[Fault(pointer, f"is not a usable JSON Schema: {reason}")]) from error


def schema_faults(schema_text: str, value: Any, *, below: str = "") -> list[Fault]:
    """Return what is wrong with a value, at most MAX_FAULTS, pointers below `below`; empty when it matches."""
    faults = []
    for error in _compiled(schema_text).iter_errors(value):
        path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error.instance_path)
        faults.append(Fault(below + path, error.message[:300]))
        if len(faults) == MAX_FAULTS:
            break
    return faults
