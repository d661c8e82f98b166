"""What a form is made of: nodes for fields and groups, choices, names of controls, and "not there at all".

Promise: a node says everything that the template shows and everything that reading the post needs, so both always
speak of the same field. A control's name is unique within its form and survives a browser unchanged.
Knows nothing of how a form is built or read. Used by the two modules beside it and by the form macro.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, Literal

Kind = Literal["object", "array", "string", "number", "integer", "boolean", "choice", "null", "json"]
Posted = Mapping[str, str | list[str]]


class _Absent:
    """The key is not there at all; neither null nor empty text says that."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(frozen=True)
class Option:
    """One choice of a select: `token` is posted (JSON text, or "" for leaving the key out), `label` is read."""

    token: str
    label: str


@dataclass(frozen=True)
class FormNode:
    """One field or group, its children in the order in which they are shown and reached by Tab.

    `name` is the control's name and its element id; for an array that of the field with the slots of its rows, which
    are `rows` (see rows.py; None where they cannot be changed). `pointer` follows the original value and the slots,
    `place` is where the field stands in what would be sent. `text` is what the control shows now, `original_text` what
    it shows for `original`. `confidence` is None when the model gave none. `doubtful` marks a field below its
    threshold, `doubt_inside` also the groups around it. `declared` is False for a key that the schema does not
    know, `mismatch` True for a value that is not of the schema's type.
    """

    kind: Kind
    pointer: str
    name: str
    key: str
    label: str
    original: Any
    help: str = ""
    text: str = ""
    original_text: str = ""
    options: tuple[Option, ...] = ()
    children: tuple["FormNode", ...] = ()
    confidence: float | None = None
    threshold: float | None = None
    doubtful: bool = False
    doubt_inside: bool = False
    required: bool = True
    nullable: bool = False
    read_only: bool = False
    declared: bool = True
    mismatch: bool = False
    multiline: bool = False
    format: str = ""
    faults: tuple[str, ...] = ()
    place: str = ""
    rows: tuple[str, ...] | None = None
    rows_changed: bool = False
    may_add: bool = False
    may_remove: bool = False

    @property
    def is_group(self) -> bool:
        return self.kind in ("object", "array")

    @property
    def state(self) -> str:
        """What an empty control stands for: "left out", "null", "empty text", or "" when there is a value."""
        if self.original is ABSENT:
            return "left out"
        if self.original is None:
            return "null"
        return "empty text" if self.original == "" else ""

    @property
    def changed(self) -> bool:
        """The control shows another text than the original's: a draft or a refused post was restored."""
        return normal_breaks(self.text) != normal_breaks(self.original_text)

    @property
    def nodes(self) -> Iterator["FormNode"]:
        """This node and every one below it, in order."""
        yield self
        for child in self.children:
            yield from child.nodes

    @property
    def leaves(self) -> tuple["FormNode", ...]:
        """Every field below this node in the order of Tab; the node itself when it is a field."""
        return tuple(self._walk())

    @property
    def first_fault(self) -> str | None:
        """Name of the first control that was refused, or None."""
        return next((leaf.name for leaf in self.leaves if leaf.faults and not leaf.read_only), None)

    @property
    def first_doubtful(self) -> str | None:
        """Name of the control to look at first, or None. A doubtful group points at its first field."""
        return next(self._doubtful_names(inherited=False), None)

    def _walk(self) -> Iterator["FormNode"]:
        if not self.is_group:
            yield self
        for child in self.children:
            yield from child._walk()

    def _doubtful_names(self, *, inherited: bool) -> Iterator[str]:
        doubtful = inherited or self.doubtful
        if doubtful and not self.is_group and not self.read_only:
            yield self.name
        for child in self.children:
            yield from child._doubtful_names(inherited=doubtful)


def child_pointer(pointer: str, key: str) -> str:
    """The JSON Pointer of a key or row below `pointer` (escapes of RFC 6901)."""
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def pointer_of(keys: Iterable[str]) -> str:
    """The JSON Pointer of these keys and rows, from the root."""
    return reduce(child_pointer, keys, "")


def control_name(prefix: str, pointer: str) -> str:
    """Prefix and pointer, with quotes, percent signs, control characters and white space percent-encoded.

    Browsers rewrite line breaks in names, and an element id may hold no space.
    """
    return prefix + re.sub(
        r"[\s\"%\x00-\x1f\x7f]", lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), pointer
    )


def normal_breaks(text: str) -> str:
    """Every line break as LF, whatever a browser or a model made of it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
