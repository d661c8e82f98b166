"""No check of `proofdesk verify` goes through a whole result again for each row; on a large one it would never end."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.reports.invariants import check_invariants
from tests.services.reports.day import live_a_day


def _nodes(plan: dict[str, Any], *, again: bool = False) -> Iterator[tuple[dict[str, Any], bool]]:
    """Yield every node of a plan, and whether it may be run once for each row of another."""
    again = again or plan.get("Parent Relationship") == "SubPlan"
    yield plan, again
    for below in plan.get("Plans", []):
        yield from _nodes(below, again=again)


def test_no_check_reads_a_whole_result_for_each_row(session: Session, workspace: UUID) -> None:
    live_a_day(session, workspace)
    connection = session.connection()
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    assert check_invariants(session) == []
    event.remove(connection, "before_cursor_execute", note)
    looks = [(text, values) for text, values in asked if text.lstrip().startswith(("SELECT", "WITH"))]
    assert len(looks) > 40
    repeated = []
    for text, values in looks:
        (found,) = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {text}", values).one()
        repeated += [text for node, again in _nodes(found[0]["Plan"]) if again and node["Node Type"] == "CTE Scan"]
    assert repeated == []
