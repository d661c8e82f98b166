"""Write rows fast: several tables in one statement, or thousands of rows by COPY.

A domain says once which columns of its table it writes, as a `Target`, and makes rows of plain values for it. Both
ways write the same rows from them; which one is used is a question of speed alone. Lists and JSON are given as text
in PostgreSQL's form, so that a value looks the same in a statement and in a copy.
Knows no product word. Called by the services of domains and by the statements of flows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from operator import itemgetter
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection, Error, RawCursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A table and the columns that are written, each with its type; `binary` suits rows that are mostly bytes."""

    table: str
    columns: Mapping[str, str]
    binary: bool = False

    def insert(self, *, after: int = 0, rows: int = 1) -> str:
        """Return SQL that inserts so many rows from numbered parameters, the first being `$after + 1`."""
        number = count(after + 1)
        shown = [
            f"({', '.join(f'CAST(${next(number)} AS {kind})' for kind in self.columns.values())})" for _ in range(rows)
        ]
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {', '.join(shown)}"  # noqa: S608  # names of the code


def run_written(session: Session, statement: str, rows: Sequence[tuple[Target, Row]]) -> None:
    """Run a statement of `insert`s within the transaction of this session, prepared by the driver.

    Past the query layer, which would read a statement with so many parameters anew each time.
    """
    with _driver(session) as driver, RawCursor(driver) as cursor:
        cursor.execute(statement, [row[name] for target, row in rows for name in target.columns], prepare=True)


def copy_rows(session: Session, target: Target, rows: Sequence[Row]) -> None:
    """Write rows by COPY, within the transaction of this session, in their order."""
    if not rows:
        return
    names = list(target.columns)
    pick = itemgetter(*names)
    form = " WITH (FORMAT BINARY)" if target.binary else ""
    statement = f"COPY {target.table} ({', '.join(names)}) FROM STDIN{form}"
    with _driver(session) as driver, driver.cursor() as cursor, cursor.copy(statement) as copy:
        if target.binary:
            copy.set_types(list(target.columns.values()))
        for row in rows:
            copy.write_row(pick(row))


@contextmanager
def _driver(session: Session) -> Iterator[Connection[Any]]:
    """Yield the driver's connection of this session; its errors become those that everything else raises."""
    connection = session.connection()
    driver = connection.connection.driver_connection
    assert isinstance(driver, Connection)  # noqa: S101  # the engine is made for no other driver
    try:
        yield driver
    except Error as error:
        raise DBAPIError.instance(None, None, error, Error, dialect=connection.dialect) from error


_QUOTED: Final = str.maketrans({"\\": "\\\\", '"': '\\"'})


def json_text(value: Any) -> str:
    """Return a JSON-ready value as text for a jsonb column."""
    return orjson.dumps(value).decode()


def text_list(texts: Iterable[str]) -> str:
    """Return texts as the text of a text[]."""
    quoted = ",".join(f'"{text.translate(_QUOTED)}"' for text in texts)
    return f"{{{quoted}}}"


def id_list(ids: Iterable[UUID]) -> str:
    """Return ids as the text of a uuid[]."""
    return f"{{{','.join(one.hex for one in ids)}}}"
