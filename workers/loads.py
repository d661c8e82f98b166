"""Count what waits in each queue, so that pages, the doctor and expected waits need not.

Run by the sweeper every 15 seconds, in short transactions of its own; a queue that takes long to count is counted less
often, and one that cannot be counted in ten seconds keeps its old count. Safe to run twice and anywhere.
"""

from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app.queue.service import count_load, leave_uncounted
from app.review.service import work_to_count
from workers.task import Tools, is_alone

_PATIENCE: Final = text("SET LOCAL statement_timeout = '10s'")

_log = structlog.get_logger(__name__)


def count_due(tools: Tools) -> int:
    """Count every queue that is due; return how many were counted."""
    with tools.unit_of_work() as (session, now):
        due = work_to_count(session, now=now)
    counted = 0
    for queue_id, work in due:
        if tools.stop.is_set():
            break
        try:
            with tools.unit_of_work() as (session, now):
                if not is_alone(session, "loads"):
                    break
                session.execute(_PATIENCE)
                count_load(session, now=now, queue_id=queue_id, work=work)
                counted += 1
        except OperationalError:
            _log.warning("a queue could not be counted in time", queue=str(queue_id))
            with tools.unit_of_work() as (session, now):
                leave_uncounted(session, now=now, queue_id=queue_id)
    return counted
