"""A made-up value fits the schema that it is made from, as far as anything can be made up."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.submissions.rules.examples import example_of
from app.submissions.rules.schema import schema_faults

LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": "string", "format": "date"},
        {"type": "integer", "minimum": 5},
        {"type": "number", "exclusiveMinimum": 0},
        {"type": ["null", "boolean"]},
        {"enum": ["a", 1, None]},
        {"const": {"x": 1}},
        {"type": "string", "default": "usual"},
        {"examples": [3], "type": "integer"},
        {"type": "null"},
        {},
    ]
)


def _groups(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.dictionaries(st.sampled_from("abc"), below, max_size=3)
    return st.one_of(
        st.builds(lambda parts: {"type": "object", "properties": parts, "required": [*parts]}, keys),
        st.builds(lambda items: {"type": "array", "items": items, "minItems": 1}, below),
        st.builds(lambda one, other: {"type": "array", "prefixItems": [one, other]}, below, below),
        st.builds(lambda one, other: {"anyOf": [one, other]}, below, below),
    )


@given(schema=st.recursive(LEAVES, _groups, max_leaves=6))
def test_an_example_fits_its_schema(schema: Any) -> None:
    assert schema_faults(orjson.dumps(schema).decode(), example_of(schema)) == []


@pytest.mark.parametrize(
    "schema", [True, {"$ref": "#/$defs/x"}, {"type": "none"}, {"enum": []}, {"properties": []}, None]
)
def test_what_cannot_be_made_up_is_none(schema: Any) -> None:
    assert example_of(schema) is None


def test_a_schema_that_never_ends_does() -> None:
    schema: dict[str, Any] = {"type": "array"}
    schema["items"] = schema
    deepest = example_of(schema)
    for _ in range(7):
        (deepest,) = deepest
    assert deepest is None
