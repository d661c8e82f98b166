"""What PostgreSQL does to find due rows: the cost must not grow with the backlog, and plans tell without noise."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.orm import Session

from app.delivery.queries import next_due_at
from app.delivery.service import take_due
from tests.conftest import NOW
from tests.services.delivery.conftest import Put

# Rows about submissions that do not exist, which is why the checks of foreign keys are off for them.
COPIES = text("""
INSERT INTO deliveries
SELECT (jsonb_populate_record(d, jsonb_build_object(
         'id', gen_random_uuid(), 'submission_id', gen_random_uuid(),
         'state', CASE WHEN n % 5 = 0 THEN 'due' ELSE 'delivered' END,
         'next_attempt_at', d.next_attempt_at + (n - 5000) * interval '1 second'))).*
  FROM deliveries d, generate_series(1, 10000) n
""")


@pytest.fixture
def statements(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """Statements about due rows that were executed, with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(conn: object, cursor: object, statement: str, parameters: object, *rest: object) -> None:
        if "next_attempt_at" in statement and not statement.startswith("EXPLAIN"):
            seen.append((statement, parameters))

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield seen
    event.remove(session.get_bind(), "before_cursor_execute", note)


def test_due_rows_are_found_by_one_index_without_sorting(
    session: Session, put: Put, statements: list[tuple[str, Any]]
) -> None:
    put()
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(COPIES)
    session.execute(text("ANALYZE deliveries"))
    statements.clear()
    next_due_at(session)
    assert len(take_due(session, now=NOW, limit=4)) == 4
    looked_at = [(sql, values) for sql, values in statements if sql.startswith(("WITH due", "SELECT deliveries"))]
    assert len(looked_at) == 2
    for sql, values in looked_at:
        plan = "\n".join(row[0] for row in session.connection().exec_driver_sql(f"EXPLAIN {sql}", values))
        assert "ix_deliveries_due" in plan, plan
        assert "ix_deliveries_submission" in plan, plan
        for costly in ("Seq Scan", "Sort", "Hash", "Materialize", "Bitmap"):
            assert costly not in plan, plan
