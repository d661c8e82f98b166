"""A patch, applied in its order, makes one value into the other."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.patches import make_patch
from app.kernel.pointers import parse_pointer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab/~", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=3),
    max_leaves=12,
)


def apply(value: Any, patch: list[dict[str, Any]]) -> Any:
    """Apply operations as RFC 6902 says, for the three kinds that are made."""
    for operation in patch:
        steps = parse_pointer(operation["path"])
        if not steps:
            value = operation["value"]
            continue
        holder = value
        for step in steps[:-1]:
            holder = holder[int(step) if isinstance(holder, list) else step]
        last: Any = int(steps[-1]) if isinstance(holder, list) else steps[-1]
        if operation["op"] == "remove":
            del holder[last]
        else:
            assert (last in holder if isinstance(holder, dict) else True) == (operation["op"] == "replace")
            holder[last] = operation["value"]
    return value


def copied(value: Any) -> Any:
    """Return a value that shares nothing."""
    if isinstance(value, dict):
        return {name: copied(part) for name, part in value.items()}
    return [copied(part) for part in value] if isinstance(value, list) else value


def shown(value: Any) -> str:
    """Return a text in which true is not 1."""
    return repr(sorted(value.items()) if isinstance(value, dict) else value)


@given(VALUES, VALUES)
def test_it_makes_one_into_the_other(before: Any, after: Any) -> None:
    assert apply(copied(before), copied(make_patch(before, after))) == after


@given(VALUES)
def test_nothing_is_to_be_done_between_equals(value: Any) -> None:
    assert make_patch(value, copied(value)) == []


def test_true_is_no_number_and_an_array_of_another_length_is_replaced_whole() -> None:
    assert make_patch({"a": 1}, {"a": True}) == [{"op": "replace", "path": "/a", "value": True}]
    assert make_patch([1, 2], [1]) == [{"op": "replace", "path": "", "value": [1]}]
    assert make_patch({"a/b": [1, 2]}, {"a/b": [1, 3]}) == [{"op": "replace", "path": "/a~1b/1", "value": 3}]
