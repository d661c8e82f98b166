"""Statements that write what the flow in makes: submission, sealed content, item and events at once.

One submission is one statement, a batch is one COPY for each table. Both write the same rows from the same values; a
test holds it. Nothing here decides. Called by the service of intake only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.audit.service import EVENTS
from app.kernel.bulk import Target, copy_rows, run_written
from app.queue.service import ITEMS
from app.submissions.service import CONTENTS, SUBMISSIONS

# Below this many, statements one by one are as quick as four copies.
COPY_FROM: Final = 3


@dataclass(frozen=True)
class Rows:
    """What one submission comes to. An item and its event only when it has to wait."""

    submission: dict[str, Any]
    content: dict[str, Any]
    received: dict[str, Any]
    item: dict[str, Any] | None = None
    enqueued: dict[str, Any] | None = None

    def each(self) -> Iterator[tuple[Target, dict[str, Any]]]:
        """Return the rows with their tables, in the order in which they are written."""
        yield SUBMISSIONS, self.submission
        yield CONTENTS, self.content
        if self.item is not None:
            yield ITEMS, self.item
        yield EVENTS, self.received
        if self.enqueued is not None:
            yield EVENTS, self.enqueued


_SEALED: Final = len(SUBMISSIONS.columns)
_THEN: Final = _SEALED + len(CONTENTS.columns)
# References between the tables are checked at the end of the statement, when all rows are there.
_BOTH: Final = f"WITH submission AS ({SUBMISSIONS.insert()}), content AS ({CONTENTS.insert(after=_SEALED)})"
_PASSES: Final = f"{_BOTH} {EVENTS.insert(after=_THEN)}"
_WAITS: Final = (
    f"{_BOTH}, item AS ({ITEMS.insert(after=_THEN)}) {EVENTS.insert(after=_THEN + len(ITEMS.columns), rows=2)}"
)


def write_one(session: Session, rows: Rows) -> None:
    """Write one submission in one statement."""
    run_written(session, _PASSES if rows.item is None else _WAITS, list(rows.each()))


def write_many(session: Session, many: Sequence[Rows]) -> None:
    """Write submissions by one copy a table; their events are in the order of the submissions."""
    for target in (SUBMISSIONS, CONTENTS, ITEMS, EVENTS):
        copy_rows(session, target, [row for rows in many for of, row in rows.each() if of is target])


def write(session: Session, many: Sequence[Rows]) -> None:
    """Write submissions in the way that is quicker for so many."""
    if len(many) >= COPY_FROM:
        write_many(session, many)
        return
    for rows in many:
        write_one(session, rows)
