"""Count the statements that a piece of work sends to the database."""

from types import TracebackType
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session


class QueryCounter:
    """Counts while its block runs; `statements` holds what was sent. Savepoints do not count: tests add those."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self.statements: list[str] = []

    @property
    def count(self) -> int:
        """Return how many statements were sent."""
        return len(self.statements)

    def _note(self, _connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        self.statements.append(statement)

    def __enter__(self) -> "QueryCounter":
        """Begin to count."""
        event.listen(self._connection, "before_cursor_execute", self._note)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop counting."""
        event.remove(self._connection, "before_cursor_execute", self._note)
