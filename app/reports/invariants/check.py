"""What a promise is when it is looked at from outside: a name, and the query that finds whatever breaks it.

A check reads and never writes, looks at all rows at once, and returns one row per broken thing, none when all is well.
Called by the checks of this package only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.ids import show


@dataclass(frozen=True)
class Violation:
    """A broken promise: which, by what, and how. `detail` holds states, numbers and times, never content."""

    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        """Return one line for an operator."""
        return f"{self.rule}: {self.subject} {self.detail}"


@dataclass(frozen=True)
class Check:
    """A promise as a query for its breaches.

    `kind` is what its subjects are, as in app/kernel/ids.py. `sql` returns a subject's id, or a text that names it,
    and the detail.
    """

    rule: str
    kind: str
    sql: str


def find(session: Session, check: Check, values: Mapping[str, Any] | None = None) -> Iterator[Violation]:
    """Yield what breaks a promise."""
    for subject, detail in session.execute(text(check.sql), dict(values or {})):
        yield Violation(check.rule, show(check.kind, subject) if isinstance(subject, UUID) else subject, detail)
