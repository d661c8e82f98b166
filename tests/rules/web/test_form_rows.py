"""Rows of an array are added, removed and moved in the form, and come back as a plain list would."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.errors import Fault
from app.web.schema_form import (
    FormNode,
    all_orders,
    build_form,
    changed_rows,
    control_name,
    pointer_of,
    read_form,
)
from tests.rules.web.browser_form import posted
from tests.rules.web.test_form_round_trip import FORM, VALUES, exactly_equal

PARTS = {
    "type": "object",
    "properties": {
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"name": {"type": "string"}, "count": {"type": "integer"}},
                "required": ["name"],
            },
        }
    },
}
ACTS = st.lists(st.tuples(st.sampled_from(["add", "remove", "up", "down"]), st.integers(0, 6)), max_size=12)


def form_of(schema: Any, value: Any, fields: dict[str, str | list[str]]) -> FormNode:
    return build_form(schema, value, {}, {}, "output", posted=fields)


def submitted(schema: Any, value: Any, fields: dict[str, str | list[str]]) -> Any:
    """Show the form with what was posted, post it as a browser does, and read it."""
    page = FORM.render(form=form_of(schema, value, fields), focus=None)
    read, faults = read_form(schema, value, posted(page), prefix="output")
    assert faults == []
    return read


@settings(deadline=None, max_examples=100)
@given(rows=st.lists(st.text("ab", max_size=2), max_size=4), acts=ACTS)
def test_rows_move_as_the_entries_of_a_list(rows: list[str], acts: list[tuple[str, int]]) -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    slots, expected = tuple(str(n) for n in range(len(rows))), list(rows)
    for act, n in acts:
        at = n % len(slots) if slots else 0
        slots = changed_rows(slots, act, slots[at] if slots else "-")
        if act == "add":
            expected.append("")
        elif act == "remove" and expected:
            del expected[at]
        elif expected:
            to = at - 1 if act == "up" else at + 1
            if 0 <= to < len(expected):
                expected[at], expected[to] = expected[to], expected[at]
    fields: dict[str, str | list[str]] = {"output": ",".join(slots)}
    assert submitted(schema, rows, fields) == expected


def test_a_new_row_is_filled_and_a_moved_one_keeps_what_was_typed_into_it() -> None:
    value = {"parts": [{"name": "bolt", "count": 2}, {"name": "nut", "count": 4}]}
    fields: dict[str, str | list[str]] = {
        "output/parts": "1,n1,0",
        "output/parts/n1/name": "washer",
        "output/parts/0/count": "3",
    }
    assert submitted(PARTS, value, fields) == {
        "parts": [{"name": "nut", "count": 4}, {"name": "washer"}, {"name": "bolt", "count": 3}]
    }


def test_a_list_that_is_not_there_begins_with_its_first_row() -> None:
    assert submitted(PARTS, {}, {}) == {}
    fields: dict[str, str | list[str]] = {"output/parts": "n1", "output/parts/n1/name": "bolt"}
    assert submitted(PARTS, {}, fields) == {"parts": [{"name": "bolt"}]}
    assert submitted(PARTS, {"parts": [{"name": "bolt"}]}, {"output/parts": ""}) == {"parts": []}


@pytest.mark.parametrize("slots", ["9", "x", "-1", "0,0,0", "n0", "n", " 0 ", "01", "0;1", "٣"])
def test_slots_that_were_not_made_here_are_left_out(slots: str) -> None:
    read, faults = read_form({"type": "array"}, ["one"], {"output": slots}, prefix="output")
    assert (read in (["one"], []), faults) == (True, [])


def test_faults_stand_where_the_row_is_now() -> None:
    value = {"parts": [{"name": "bolt"}, {"name": "nut"}]}
    fields: dict[str, str | list[str]] = {"output/parts": "1,0,n1", "output/parts/0/count": "many"}
    _, faults = read_form(PARTS, value, fields, prefix="output")
    assert [fault.pointer for fault in faults] == ["/parts/1/count"]
    form = build_form(
        PARTS, value, {}, {}, "output", posted=fields, faults=[*faults, Fault("/parts/2/name", "missing")]
    )
    assert {leaf.name for leaf in form.leaves if leaf.faults} == {"output/parts/0/count", "output/parts/n1/name"}


def test_a_new_row_that_cannot_be_empty_says_so() -> None:
    schema = {"type": "array", "items": {"type": "integer"}}
    read, faults = read_form(schema, [1], {"output": "0,n1"}, prefix="output")
    assert (read, [fault.pointer for fault in faults]) == ([1, None], ["/1"])
    defaults = {"type": "array", "items": {"type": "integer", "default": 7}}
    assert read_form(defaults, [1], {"output": "0,n1"}, prefix="output") == ([1, 7], [])


def test_rows_of_a_tuple_and_what_is_only_read_stay_as_they_are() -> None:
    tuple_of = {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]}
    only_read = {"type": "array", "items": {"type": "string"}, "readOnly": True}
    for schema, value in ((tuple_of, ["a", 1]), (only_read, ["a", "b"])):
        assert form_of(schema, value, {}).rows is None
        assert read_form(schema, value, {"output": "1,0,n1"}, prefix="output") == (value, [])


def test_a_list_has_as_many_rows_as_its_schema_allows() -> None:
    schema = {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 2}
    found = [form_of(schema, rows, {}) for rows in (["a"], ["a", "b"])]
    assert [(node.may_add, node.may_remove) for node in found] == [(True, False), (False, True)]


def test_without_a_schema_a_new_row_is_like_the_first() -> None:
    fields: dict[str, str | list[str]] = {"output": "0,n1", "output/n1/city": "Bern"}
    assert read_form(None, [{"city": "Basel", "zip": 1}], fields, prefix="output")[0] == [
        {"city": "Basel", "zip": 1},
        {"city": "Bern"},
    ]


@settings(deadline=None, max_examples=100)
@given(before=VALUES, after=VALUES)
def test_the_orders_of_another_value_give_its_arrays_their_lengths(before: Any, after: Any) -> None:
    orders = all_orders(before, after, lambda way: control_name("output", pointer_of(way)))
    read, faults = read_form(None, before, orders, prefix="output")
    if isinstance(before, list) and isinstance(after, list) and not faults:
        assert len(read) == len(after)
    assert exactly_equal(read_form(None, before, {}, prefix="output")[0], before)
