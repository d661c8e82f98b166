"""Two ways to do one thing must leave the same rows: read all that a workspace holds, without what is by chance."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from app.kernel.db import Base
from app.kernel.ids import PREFIXES

# Numbers that a row has by its place in a log or in the cluster.
_BY_PLACE: Final = {"number", "xact_id", "cluster"}
_DIGEST: Final = re.compile("[0-9a-f]{64}")
_LONG_MS: Final = 10_000


def stop_the_clock(session: Session, at: datetime) -> None:
    """Let the database's clock stand still for the rest of this test's transaction."""
    session.execute(text("CREATE SCHEMA still"))
    session.execute(
        text(
            "CREATE FUNCTION still.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE"
            f" AS $$ SELECT timestamptz '{at.isoformat()}' $$"  # an instant of the test
        )
    )
    # The system's own schema comes first unless it is named.
    session.execute(text("SET LOCAL search_path = still, pg_catalog, public"))


def everything(
    session: Session, workspace_id: UUID, *, since: datetime, names: Mapping[UUID, str]
) -> dict[str, list[str]]:
    """Return the rows of every table that belong to a workspace, as texts that two workspaces can share.

    Args:
        since: Instants are shown as whole seconds from here on, for no two runs take the same microseconds.
        names: What known ids are called; all others are called `id`.
    """
    session.flush()
    found = {}
    for table in Base.metadata.sorted_tables:
        if "workspace_id" not in table.columns:
            continue
        rows = session.execute(select(table).where(table.c.workspace_id == workspace_id)).mappings()
        shown = sorted(str(_row(table, dict(row), since, names)) for row in rows)
        if shown:
            found[table.name] = shown
    return found


def _row(table: Table, row: dict[str, Any], since: datetime, names: Mapping[UUID, str]) -> dict[str, Any]:
    return {key: _value(value, since, names) for key, value in row.items() if key not in _BY_PLACE}


def _value(value: Any, since: datetime, names: Mapping[UUID, str]) -> Any:
    if isinstance(value, UUID):
        return names.get(value, "id")
    if isinstance(value, datetime):
        return f"{round((value - since).total_seconds())} s"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Decimal):
        return str(round(value, 2))
    if isinstance(value, list | tuple):
        return [_value(part, since, names) for part in value]
    if isinstance(value, dict):
        return {key: _value(part, since, names) for key, part in value.items()}
    if isinstance(value, int) and not isinstance(value, bool) and value > _LONG_MS:
        return round(value / 1_000) if value < 10**9 else "key"
    if isinstance(value, str) and _DIGEST.fullmatch(value):
        return "digest"
    if isinstance(value, str) and value.partition("_")[0] in PREFIXES.values():
        return next((name for id_, name in names.items() if id_.hex in value), "id")
    return value
