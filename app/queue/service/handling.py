"""Keep how long reviews of each task type take, for the order by value. Called by the flow out, now and then."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.queue.models import HandlingTime

# Fewer say nothing yet.
ENOUGH_CLAIMS = 5


def keep_handling_times(session: Session, *, now: datetime, measured: Sequence[tuple[UUID, str, int, int]]) -> int:
    """Keep the median milliseconds by workspace and task type's name; return how many were kept.

    Args:
        measured: (workspace, task type, median of active milliseconds, number of claims).
    """
    rows = [
        {"workspace_id": workspace, "task_type": name, "median_ms": median_ms, "claims": claims, "measured_at": now}
        for workspace, name, median_ms, claims in measured
        if claims >= ENOUGH_CLAIMS
    ]
    if rows:
        new = insert(HandlingTime).values(rows)
        changed = {name: new.excluded[name] for name in ("median_ms", "claims", "measured_at")}
        session.execute(new.on_conflict_do_update(index_elements=["workspace_id", "task_type"], set_=changed))
    return len(rows)
