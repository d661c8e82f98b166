"""A form that nobody touched gives back the very value it was made from, through the template and a browser."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined

import app.web
from app.web import form_changes, untrusted
from app.web.schema_form import build_form, read_form
from tests.rules.web.browser_form import controls, posted

PAGES = Environment(
    loader=FileSystemLoader(Path(app.web.__file__).parents[1] / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
)
untrusted.add_to(PAGES)
form_changes.add_to(PAGES)
FORM = PAGES.from_string("{% from '_parts/form.html' import fields %}{{ fields(form, focus) }}")

# What the door lets in: no NUL, no lone surrogate, integers within 2**53, finite numbers.
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=12)
BREAKS = st.text(st.sampled_from("a \r\n\t"), max_size=8)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXT,
    BREAKS,
    st.text("word ", min_size=60, max_size=120),
)
KEYS = st.one_of(st.sampled_from(["a", "b", "a/b", "~", "", 'q"%', "c d", "line\nbreak"]), TEXT)
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEYS, below, max_size=4), max_leaves=12
)


def schemas() -> st.SearchStrategy[Any]:
    """Schemas that a task type may have, fitting or not."""
    types = st.sampled_from(["string", "number", "integer", "boolean", "null", "object", "array"])
    leaf = st.one_of(
        st.none(),
        st.just(True),
        st.builds(lambda one: {"type": one}, types),
        st.builds(lambda one: {"type": [one, "null"]}, types),
        st.builds(lambda values: {"enum": values}, st.lists(SCALARS, min_size=1, max_size=3)),
        st.builds(lambda value: {"const": value}, SCALARS),
        st.just({"type": "string", "readOnly": True}),
        st.just({"$ref": "#/$defs/x"}),
        st.just({"anyOf": [{"type": "string"}, {"type": "null"}]}),
    )
    return st.recursive(leaf, _groups, max_leaves=6)


def _groups(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    members = st.dictionaries(KEYS, below, max_size=3)
    return st.one_of(
        st.builds(lambda items: {"type": "array", "items": items}, below),
        st.builds(
            lambda properties, needed: {"type": "object", "properties": properties, "required": needed},
            members,
            st.lists(KEYS, max_size=2),
        ),
    )


def exactly_equal(one: Any, other: Any) -> bool:
    """Compare as JSON readers do who tell 1, 1.0 and true apart, and keys with them in their order."""
    return repr(one) == repr(other)


@settings(deadline=None, max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(schema=schemas(), value=VALUES)
@example(schema={"type": "string"}, value="\n\nfirst two lines empty\r\n")
@example(schema={"type": "object", "properties": {"x": {"type": "string"}}}, value={"x": "one\rtwo"})
@example(schema={"enum": [1, True]}, value=1.0)
def test_an_untouched_form_gives_back_its_value(schema: Any, value: Any) -> None:
    page = FORM.render(form=build_form(schema, value, {}, {}, "output"), focus=None)
    read, faults = read_form(schema, value, posted(page), prefix="output")
    assert faults == []
    assert exactly_equal(read, value)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(schema=schemas(), value=VALUES)
def test_every_control_is_posted_under_a_name_of_its_own(schema: Any, value: Any) -> None:
    form = build_form(schema, value, {}, {}, "output")
    page = FORM.render(form=form, focus=None)
    order = controls(page).order
    assert len(order) == len(set(order))
    # A name that the browser rewrote would be taken for a field that was not posted.
    assert list(posted(page)) == [leaf.name for leaf in form.leaves]


@pytest.mark.parametrize("value", ["é" * 200_000, "line\r\n" * 30_000, "\u202e" * 50_000])
def test_a_very_long_text_comes_back_whole(value: str) -> None:
    page = FORM.render(form=build_form({"type": "string"}, value, {}, {}, "output"), focus=None)
    assert read_form({"type": "string"}, value, posted(page), prefix="output") == (value, [])


def test_a_form_that_posts_nothing_changes_nothing() -> None:
    value = {"a": [1, {"b": None}], "c": ""}
    assert read_form(None, value, {}, prefix="output") == (value, [])


def test_the_first_doubtful_field_takes_the_focus_and_comes_first() -> None:
    schema = {"type": "object", "properties": {name: {"type": "string"} for name in ("street", "city", "zip")}}
    form = build_form(
        schema, {"street": "x", "city": "y", "zip": "z"}, {"/zip": 0.2, "/city": 0.95}, {"/zip": 0.9, "/city": 0.9}, "o"
    )
    page = controls(FORM.render(form=form, focus=form.first_doubtful))
    assert page.focused == ["o/zip"]
    assert page.order == ["o/zip", "o/street", "o/city"]


def test_what_a_model_wrote_becomes_no_markup() -> None:
    evil = '</textarea></select>"><script>alert(1)</script>'
    form = build_form(
        {"type": "object", "properties": {"e": {"enum": [evil]}}},
        {"e": evil, evil: evil, "long": evil * 5, "raw": {evil: []}},
        {},
        {},
        "output",
    )
    page = FORM.render(form=form, focus=None)
    assert "<script" not in page
    assert set(posted(page).values()) >= {evil, evil * 5}
