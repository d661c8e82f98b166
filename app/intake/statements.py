"""Statements that write what the flow in makes: submission, sealed content, item and events at once.

One submission is one statement, a batch is one COPY for each table. Both write the same rows from the same values; a
test holds it. Nothing here decides. Called by the service of intake only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from app.audit.service import EVENTS
from app.kernel.bulk import Target, copy_rows
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

    def each(self) -> Iterator[tuple[str, Target, dict[str, Any]]]:
        """Return the rows, each with a name of its own and its table, in the order in which they are written."""
        yield "submission", SUBMISSIONS, self.submission
        yield "content", CONTENTS, self.content
        if self.item is not None:
            yield "item", ITEMS, self.item
        yield "received", EVENTS, self.received
        if self.enqueued is not None:
            yield "enqueued", EVENTS, self.enqueued


# References between the tables are checked at the end of the statement, when all rows are there.
_PASSES: Final = text(f"""
WITH submission AS ({SUBMISSIONS.insert("submission")}), content AS ({CONTENTS.insert("content")})
{EVENTS.insert("received")}""")  # names of the code
_WAITS: Final = text(f"""
WITH submission AS ({SUBMISSIONS.insert("submission")}), content AS ({CONTENTS.insert("content")}),
     item AS ({ITEMS.insert("item")})
{EVENTS.insert("received", "enqueued")}""")  # names of the code


def write_one(session: Session, rows: Rows) -> None:
    """Write one submission in one statement."""
    statement: TextClause = _PASSES if rows.item is None else _WAITS
    parameters: dict[str, Any] = {}
    for name, target, row in rows.each():
        parameters |= target.parameters(name, row)
    session.execute(statement, parameters)


def write_many(session: Session, many: Sequence[Rows]) -> None:
    """Write submissions by one copy a table; their events are in the order of the submissions."""
    for target in (SUBMISSIONS, CONTENTS, ITEMS, EVENTS):
        copy_rows(session, target, [row for rows in many for _, of, row in rows.each() if of is target])


def write(session: Session, many: Sequence[Rows]) -> None:
    """Write submissions in the way that is quicker for so many."""
    if len(many) >= COPY_FROM:
        write_many(session, many)
        return
    for rows in many:
        write_one(session, rows)
