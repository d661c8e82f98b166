"""The cost of a claim does not grow with what waits: it walks one index, in order, and stops."""

from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.queue.service.floors import FRONT
from app.queue.service.line import CLAIM_NEXT
from tests.factories.people import add_person
from tests.factories.work import add_items, add_task_type

SPREAD = text("""
WITH line AS (
  INSERT INTO queues (id, workspace_id, name, created_at)
  SELECT gen_random_uuid(), :workspace, 'line ' || n, clock_timestamp() FROM generate_series(1, 20) AS n RETURNING id
), numbered AS (SELECT id, row_number() OVER () AS n FROM line)
UPDATE items SET queue_id = numbered.id FROM numbered WHERE numbered.n = 1 + items.sort_key % 20
""")


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every node of a plan."""
    return [plan, *(node for child in plan.get("Plans", ()) for node in nodes(child))]


def test_a_claim_of_20_queues_walks_the_index_of_waiting_items(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    add_items(session, workspace, 20_000)
    session.execute(SPREAD, {"workspace": workspace})
    session.execute(text("ANALYZE items"))
    queues = list(session.scalars(text("SELECT DISTINCT queue_id FROM items")))
    person = add_person(session, workspace)
    values = {
        "queues": queues,
        "begin": [FRONT] * len(queues),
        "workspace": workspace,
        "skills": ["refunds"],
        "person": person,
        "names": [person],
        "lead": False,
        "channel": "api",
        "claim": new_id(),
        "claim_shown": "cl_0",
        "actor_kind": "person",
        "actor_id": person,
        "skip": 0,
    }
    explained = session.scalar(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {CLAIM_NEXT.text}"), values)
    plan = nodes(explained[0]["Plan"])
    on_items = [node for node in plan if node.get("Relation Name") == "items" and "Scan" in node["Node Type"]]
    assert len(queues) == 20
    assert {node["Node Type"] for node in on_items} <= {"Index Scan", "Index Only Scan"}
    walked = {"ix_items_waiting", "pk_items", "ix_items_assigned", "uq_items_reserved"}
    assert {node["Index Name"] for node in on_items} == walked
    # What is sorted is the heads of the queues, one row each.
    assert all(node["Actual Rows"] <= 20 for node in plan if node["Node Type"] == "Sort")
    assert all(node["Actual Rows"] <= 1 for node in on_items)
    assert all(node.get("Rows Removed by Filter", 0) == 0 for node in on_items)
