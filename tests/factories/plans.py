"""See what PostgreSQL would do for each statement that a piece of work sends: plans tell without noise."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.orm import Session


@dataclass
class Sent:
    """Statements that were sent, each with its parameters."""

    statements: list[tuple[str, Any]] = field(default_factory=list)


@contextmanager
def sent_by(session: Session) -> Iterator[Sent]:
    """Note what is sent while the block runs, savepoints aside."""
    seen, connection = Sent(), session.connection()

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        seen.statements.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(connection, "before_cursor_execute", note)


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every node of a plan."""
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def plans(session: Session, sent: Sent) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the statements with the nodes of their plans."""
    found = []
    for statement, parameters in sent.statements:
        explained = session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
        plan = orjson.loads(explained) if isinstance(explained, str) else explained
        found.append((statement, nodes(plan[0]["Plan"])))
    return found


def walks_too_far(plan: list[dict[str, Any]], *, large: set[str], at_most: int = 200) -> list[str]:
    """Return what is wrong with a plan: a large table read as a whole, or many rows sorted or gathered."""
    return [
        f"{node['Node Type']} {node.get('Relation Name', '')} {node['Plan Rows']} rows"
        for node in plan
        if (node["Node Type"] == "Seq Scan" and node.get("Relation Name") in large)
        or (node["Node Type"] in {"Sort", "Incremental Sort", "Bitmap Heap Scan"} and node["Plan Rows"] > at_most)
    ]


def indexes(plan: list[dict[str, Any]], table: str) -> set[str]:
    """Return the indexes by which a plan reaches a table; those of index-only scans too."""
    return {node["Index Name"] for node in plan if node.get("Relation Name") == table and "Index Name" in node}
