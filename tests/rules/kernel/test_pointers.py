"""JSON Pointers: the examples of RFC 6901, and values that nobody changes in place."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.pointers import (
    ABSENT,
    NoSuchPlace,
    PointerInvalid,
    build_pointer,
    parse_pointer,
    put,
    resolve,
)

# The document of RFC 6901, section 5.
DOCUMENT: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", DOCUMENT),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
        ("/absent", ABSENT),
        ("/foo/2", ABSENT),
        ("/foo/-", ABSENT),
        ("/foo/00", ABSENT),
        ("/foo/-1", ABSENT),
        ("/foo/١", ABSENT),
        ("/foo/" + "9" * 900, ABSENT),
        ("/foo/0/deeper", ABSENT),
        ("/ /0", ABSENT),
    ],
)
def test_a_pointer_finds_its_place_or_nothing(pointer: str, found: Any) -> None:
    assert resolve(DOCUMENT, parse_pointer(pointer)) == found


def test_null_is_found_and_is_not_absent() -> None:
    assert resolve({"a": None}, ("a",)) is None


def test_an_escaped_tilde_is_not_read_twice() -> None:
    assert parse_pointer("/~01") == ("~1",)


@pytest.mark.parametrize("pointer", ["city", "#/city", "/a~", "/a~2b", "/~", " /a", "/" + "a" * 1_000])
def test_what_is_no_pointer_is_refused(pointer: str) -> None:
    with pytest.raises(PointerInvalid):
        parse_pointer(pointer)


@given(st.lists(st.text(max_size=20), max_size=10))
def test_steps_survive_being_written_and_read(steps: list[str]) -> None:
    assert parse_pointer(build_pointer(steps)) == tuple(steps)


@pytest.mark.parametrize(
    ("value", "pointer", "result"),
    [
        ({"a": 1}, "", "new"),
        ({"a": 1}, "/a", {"a": "new"}),
        ({"a": 1}, "/b", {"a": 1, "b": "new"}),
        ({"a": {"b": [1, 2]}}, "/a/b/1", {"a": {"b": [1, "new"]}}),
        ({"a": [1]}, "/a/-", {"a": [1, "new"]}),
        ([{"x": 1}, {"x": 2}], "/1/x", [{"x": 1}, {"x": "new"}]),
        ({"a": None}, "/a", {"a": "new"}),
    ],
)
def test_putting_gives_a_new_value(value: Any, pointer: str, result: Any) -> None:
    before = deepcopy(value)
    assert put(value, parse_pointer(pointer), "new") == result
    assert value == before


@pytest.mark.parametrize(
    ("value", "pointer"),
    [
        ({"a": 1}, "/a/b"),
        ({}, "/a/b"),
        ([1], "/1"),
        ([1], "/01"),
        ([1], "/x"),
        ([1], "/-/x"),
        (None, "/a"),
        ("text", "/0"),
    ],
)
def test_putting_needs_a_way_there(value: Any, pointer: str) -> None:
    with pytest.raises(NoSuchPlace):
        put(value, parse_pointer(pointer), "new")


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(VALUES, st.lists(st.sampled_from(["", "a", "0", "1"]), max_size=3))
def test_what_was_put_is_found_there(value: Any, steps: list[str]) -> None:
    try:
        changed = put(value, tuple(steps), "new")
    except NoSuchPlace:
        return
    assert resolve(changed, steps) == "new"
