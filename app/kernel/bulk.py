"""Write rows fast: several tables in one statement, or thousands of rows by COPY.

A domain says once which columns of its table it writes, as a `Target`, and makes rows of plain values for it. Both
ways write the same rows from them; which one is used is a question of speed alone. Lists and JSON are given as text
in PostgreSQL's form, so that a value looks the same in a statement and in a copy.
Knows no product word. Called by the services of domains and by the statements of flows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
from psycopg import Connection
from sqlalchemy.orm import Session

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Target:
    """A table and the columns that are written, each with its type; `binary` suits rows that are mostly bytes."""

    table: str
    columns: Mapping[str, str]
    binary: bool = False

    def insert(self, *prefixes: str) -> str:
        """Return SQL that inserts a row for each prefix, from the parameters `prefix_column`."""
        rows = ", ".join(
            f"({', '.join(f'CAST(:{prefix}_{name} AS {kind})' for name, kind in self.columns.items())})"
            for prefix in prefixes
        )
        return f"INSERT INTO {self.table} ({', '.join(self.columns)}) VALUES {rows}"  # noqa: S608  # names of the code

    def parameters(self, prefix: str, row: Row) -> dict[str, Any]:
        """Return the parameters of one row for what `insert` returned."""
        return {f"{prefix}_{name}": row[name] for name in self.columns}


def copy_rows(session: Session, target: Target, rows: Sequence[Row]) -> None:
    """Write rows by COPY, within the transaction of this session, in their order."""
    if not rows:
        return
    names = list(target.columns)
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, Connection)  # noqa: S101  # the engine is made for no other driver
    form = " WITH (FORMAT BINARY)" if target.binary else ""
    with driver.cursor() as cursor, cursor.copy(f"COPY {target.table} ({', '.join(names)}) FROM STDIN{form}") as copy:
        if target.binary:
            copy.set_types(list(target.columns.values()))
        for row in rows:
            copy.write_row([row[name] for name in names])


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
