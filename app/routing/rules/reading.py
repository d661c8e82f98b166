"""Read one object of a document key by key, and remember what is wrong with it and where.

A wrong value is noted and read as if it were absent, so that all faults of a document are found in one go.
Called by the reading of policies.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from app.kernel.errors import Fault
from app.kernel.pointers import build_pointer

MAX_NAME_LENGTH: Final = 200
MAX_FAULTS: Final = 100


class Reading:
    """An object of the document; those below it share its faults. Null is read as absent."""

    def __init__(
        self, body: Mapping[str, Any], place: tuple[str | int, ...] = (), faults: list[Fault] | None = None
    ) -> None:
        self.body = body
        self.faults: list[Fault] = [] if faults is None else faults
        self._place = place

    def pointer(self, *steps: str | int) -> str:
        """Return the JSON Pointer to this object, or to something in it."""
        return build_pointer((*self._place, *steps))

    def refuse(self, detail: str, *steps: str | int) -> None:
        """Note a fault; after 100 there is nothing more to learn."""
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(self.pointer(*steps), detail))

    def refuse_unknown(self, known: frozenset[str]) -> None:
        """Note every key that is not known."""
        for key in self.body:
            if key not in known:
                self.refuse("is not a known key", key)

    def text(self, key: str, *, required: bool = False, longest: int = MAX_NAME_LENGTH) -> str | None:
        """Return a text of at least one visible character."""
        value = self._value(key, required=required)
        if value is None:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > longest:
            self.refuse(f"must be a text of 1 to {longest:,} characters", key)
            return None
        return value

    def number(self, key: str, *, required: bool = False) -> float | None:
        """Return a number from 0 to 1."""
        value = self._value(key, required=required)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
            self.refuse("must be a number from 0 to 1", key)
            return None
        return float(value)

    def integer(self, key: str, *, at_least: int, at_most: int) -> int | None:
        """Return an integer between the two."""
        value = self._value(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not at_least <= value <= at_most:
            self.refuse(f"must be an integer from {at_least} to {at_most}", key)
            return None
        return value

    def texts(self, key: str, *, at_most: int) -> list[str]:
        """Return an array of texts; a wrong entry is read as an empty text, so that positions stay."""
        texts = []
        for position, value in enumerate(self._array(key, at_most)):
            if isinstance(value, str) and len(value) <= MAX_NAME_LENGTH:
                texts.append(value)
            else:
                self.refuse(f"must be a text of up to {MAX_NAME_LENGTH} characters", key, position)
                texts.append("")
        return texts

    def objects(self, key: str, *, at_most: int) -> Iterator["Reading"]:
        """Yield the objects of an array."""
        for position, value in enumerate(self._array(key, at_most)):
            if isinstance(value, dict):
                yield Reading(value, (*self._place, key, position), self.faults)
            else:
                self.refuse("must be an object", key, position)

    def below(self, key: str, *, required: bool = False, at_most: int | None = None) -> "Reading":
        """Return the object under a key, or an empty one."""
        value = self._value(key, required=required)
        if value is not None and not isinstance(value, dict):
            self.refuse("must be an object", key)
            value = None
        if value and at_most is not None and len(value) > at_most:
            self.refuse(f"has more than {at_most} entries", key)
            value = None
        return Reading(value or {}, (*self._place, key), self.faults)

    def _array(self, key: str, at_most: int) -> list[Any]:
        value = self._value(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse("must be an array", key)
            return []
        if len(value) > at_most:
            self.refuse(f"has more than {at_most} entries", key)
            return []
        return value

    def _value(self, key: str, *, required: bool = False) -> Any:
        value = self.body.get(key)
        if value is None and required:
            self.refuse("is required", key)
        return value
