"""Which rows an array has in a form: those of its value in their order, less some, with some new ones.

A row is named by its slot: its position in the value ("2"), or "n1", "n2" for one that was added. The slots of an
array, in order, are posted under the array's own name once they differ from the value's; so the names of the fields
within a row stay the same however rows are moved, and a draft finds them again.
Called where forms are built and where the desk's buttons change rows.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MAX_ROWS: Final = 1_000
ADD: Final = "add"
REMOVE: Final = "remove"
UP: Final = "up"
DOWN: Final = "down"
_SLOT: Final = re.compile(r"n?[1-9]\d{0,5}|0", re.ASCII)


def row_slots(value: Any, given: str | list[str] | None) -> tuple[str, ...]:
    """Return the slots of an array's rows: the posted ones if all of them mean a row, else those of the value."""
    count = len(value) if isinstance(value, list) else 0
    own = tuple(str(n) for n in range(count))
    posted = given[-1] if isinstance(given, list) and given else given
    if not isinstance(posted, str):
        return own
    slots = posted.split(",") if posted else []
    meant = all(_SLOT.fullmatch(slot) and (slot[0] == "n" or int(slot) < count) for slot in slots)
    # What was there is always shown, however long; only adding ends somewhere.
    return tuple(slots) if meant and len(set(slots)) == len(slots) <= max(MAX_ROWS, count) else own


def changed_rows(slots: Sequence[str], act: str, slot: str) -> tuple[str, ...]:
    """Return the slots after one act; an act that makes no sense changes nothing.

    Args:
        act: ADD at the end, REMOVE, UP or DOWN.
        slot: Of the row that is meant; nothing for ADD.
    """
    rows = list(slots)
    if act == ADD and len(rows) < MAX_ROWS:
        return (*rows, _new_slot(rows))
    if slot not in rows:
        return tuple(rows)
    at = rows.index(slot)
    if act == REMOVE:
        del rows[at]
    to = at - 1 if act == UP else at + 1
    if act in {UP, DOWN} and 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    return tuple(rows)


def _new_slot(slots: Sequence[str]) -> str:
    """Return a slot that no row of these has."""
    taken = [int(slot[1:]) for slot in slots if slot.startswith("n")]
    return f"n{max(taken, default=0) + 1}"


def bounds(schema: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return how few and how many rows an array may have; None where its rows are not to be added or moved."""
    if schema.get("prefixItems") or schema.get("items") is False:
        return None
    least, most = schema.get("minItems"), schema.get("maxItems")
    return (
        least if isinstance(least, int) and not isinstance(least, bool) else 0,
        min(MAX_ROWS, most) if isinstance(most, int) and not isinstance(most, bool) else MAX_ROWS,
    )


def like(value: Any) -> dict[str, Any]:
    """Return the schema of a row that is to be like this one, for an array that has no schema for its rows."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: like(part) for key, part in value.items()}}
    kinds: tuple[tuple[type, str], ...] = ((bool, "boolean"), (str, "string"), (list, "array"))
    found = next((kind for python, kind in kinds if isinstance(value, python)), None)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"type": found} if found else {"type": "number"} if number else {}


def all_orders(before: Any, after: Any, name: Callable[[Sequence[str]], str]) -> dict[str, str | list[str]]:
    """Return the posted slots that give the arrays in `before` as many rows as those in `after`, by the array's name.

    Args:
        name: A function from the keys and slots on the way to a control's name.
    """
    orders: dict[str, str | list[str]] = {}

    def walk(one: Any, other: Any, way: tuple[str, ...]) -> None:
        if isinstance(one, dict) and isinstance(other, dict):
            for key in one.keys() & other.keys():
                walk(one[key], other[key], (*way, key))
        elif isinstance(other, list):
            had = len(one) if isinstance(one, list) else 0
            kept = [str(n) for n in range(min(had, len(other)))]
            added = [f"n{n}" for n in range(1, len(other) - had + 1)]
            if len(other) != had:
                orders[name(way)] = ",".join([*kept, *added])
            for slot in kept:
                walk(one[int(slot)], other[int(slot)], (*way, slot))

    walk(before, after, ())
    return orders
