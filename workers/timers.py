"""Do what time asks of items, and give the items of a queue whose order was changed their new place.

Run by the sweeper when the next item has to be looked at, 15 seconds later at most. Safe to run twice and anywhere;
one place at a time does it. Everything that is due is a row, so a restart with an empty Redis forgets nothing.
"""

from typing import Final

from app.kernel.clock import monotonic_ms
from app.queue.queries import list_rekeying
from app.queue.service import rekey
from app.review.service import measure_handling, tend_items
from workers.task import Tools, is_alone

# An item that is tended is locked to the end of its transaction, and whoever decides it just then waits that long.
_BATCH: Final = 25
_REKEY_BATCH: Final = 1_000
# One look ends after this long; the next comes at once and begins with what is longest overdue.
_TEND_FOR_MS: Final = 5_000
_REKEY_FOR_MS: Final = 2_000


def tend(tools: Tools) -> int:
    """Tend the items that are due, the longest overdue first; return how many were looked at."""
    tended = 0
    stop_at_ms = monotonic_ms() + _TEND_FOR_MS
    while not tools.stop.is_set() and monotonic_ms() < stop_at_ms:
        with tools.unit_of_work() as (session, _):
            looked = tend_items(session=session, limit=_BATCH) if is_alone(session, "timers") else 0
        tended += looked
        if looked < _BATCH:
            break
    return tended


def reorder(tools: Tools) -> int:
    """Give items of changed queues their new place; return how many were looked at."""
    moved = 0
    with tools.unit_of_work() as (session, _):
        queues = list_rekeying(session)
    stop_at_ms = monotonic_ms() + _REKEY_FOR_MS
    for queue_id in queues:
        while not tools.stop.is_set() and monotonic_ms() < stop_at_ms:
            with tools.unit_of_work() as (session, _):
                alone = is_alone(session, "reordering")
                count = rekey(session, queue_id=queue_id, limit=_REKEY_BATCH) if alone else 0
            moved += count
            if count < _REKEY_BATCH:
                break
    return moved


def measure(tools: Tools) -> int:
    """Measure anew how long reviews take, by task type; return how many task types were measured."""
    with tools.unit_of_work() as (session, now):
        return measure_handling(session, now=now) if is_alone(session, "measuring") else 0
