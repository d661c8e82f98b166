"""JSON Patch (RFC 6902): what has to be done to one JSON value to make it another.

Objects are compared member by member and arrays of equal length element by element; an array of another length is
replaced whole, which a person can read and a program can apply. Called where a correction is written down.
"""

from collections.abc import Iterator
from typing import Any

Operation = dict[str, Any]


def make_patch(before: Any, after: Any) -> list[Operation]:
    """Return the operations that make `before` into `after`, in an order in which they can be applied."""
    return list(_changes("", before, after))


def _changes(at: str, before: Any, after: Any) -> Iterator[Operation]:
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _changed_members(at, before, after)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(f"{at}/{number}", old, new)
    elif not _same(before, after):
        yield {"op": "replace", "path": at, "value": after}


def _changed_members(at: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Operation]:
    for name in before:
        if name not in after:
            yield {"op": "remove", "path": f"{at}/{_step(name)}"}
    for name, value in after.items():
        path = f"{at}/{_step(name)}"
        if name not in before:
            yield {"op": "add", "path": path, "value": value}
        else:
            yield from _changes(path, before[name], value)


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _same(before: Any, after: Any) -> bool:
    """Say whether two values are the same to JSON, where true is no number."""
    return isinstance(before, bool) == isinstance(after, bool) and bool(before == after)
