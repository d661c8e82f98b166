"""Make up a value that a JSON Schema describes, so that a form can be looked at before anything came in.

It is as small as it can be while showing every declared field: examples and defaults that the schema gives, else the
first choice, else a word or a number that names its kind. What cannot be made up (references, patterns) is left to the
reader. Pure; called by the page of task types.
"""

from collections.abc import Mapping
from typing import Any, Final

_DEEPEST: Final = 6
_OF_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T09:00:00Z",
    "time": "09:00:00Z",
    "email": "name@example.org",
    "uri": "https://example.org/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


def example_of(schema: Any, *, depth: int = 0) -> Any:
    """Return a value for a schema; None where nothing can be said."""
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return None
    given = schema.get("examples")
    if isinstance(given, list) and given:
        return given[0]
    for word in ("default", "const"):
        if word in schema:
            return schema[word]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    for word in ("oneOf", "anyOf", "allOf"):
        if isinstance(schema.get(word), list) and schema[word]:
            return example_of(schema[word][0], depth=depth + 1)
    return _of_type(_type_of(schema), schema, depth)


def _type_of(schema: Mapping[str, Any]) -> str:
    named = schema.get("type")
    if isinstance(named, list):
        named = next((one for one in named if one != "null"), "null")
    if isinstance(named, str):
        return named
    return "object" if isinstance(schema.get("properties"), Mapping) else ""


def _of_type(kind: str, schema: Mapping[str, Any], depth: int) -> Any:
    if kind == "object":
        properties = schema.get("properties")
        known = properties if isinstance(properties, Mapping) else {}
        return {key: example_of(part, depth=depth + 1) for key, part in known.items()}
    if kind == "array":
        first = schema.get("prefixItems")
        parts = first if isinstance(first, list) else [schema.get("items")]
        return [example_of(part, depth=depth + 1) for part in parts]
    if kind == "string":
        return _OF_FORMAT.get(str(schema.get("format")), "text")
    if kind in {"number", "integer"}:
        least = schema.get("minimum", schema.get("exclusiveMinimum", 0))
        return least + 1 if isinstance(least, int) and not isinstance(least, bool) else 1
    return {"boolean": False}.get(kind)
