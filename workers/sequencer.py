"""The process that puts things in order: it numbers the feed when something becomes final, and seals the trail.

One sequencer works at a time, by locks in the database; more of them wait for each other. The jobs of decisions number
the feed too, in the listener, so that a decision is on it within a moment. Needs PostgreSQL alone. Started by the
runner.
"""

import signal
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from app.audit.service import seal_events
from app.feed.queries import next_entry_at
from app.kernel.clock import monotonic_ms, read_now
from workers.feed import number
from workers.loop import Loop
from workers.task import Tools

SEAL_EVERY: Final = timedelta(seconds=1)
_STOPS: Final = frozenset({signal.SIGTERM, signal.SIGINT})


def seal(tools: Tools) -> int:
    """Seal every event that is committed, a batch in each transaction; return how many that were."""
    count = 0
    while not tools.stop.is_set():
        with tools.unit_of_work() as (session, _now):
            sealed = seal_events(session)
        count += sealed.count
        if not sealed.more:
            break
    return count


def _next_seal_at(session: Session) -> datetime:
    return read_now(session) + SEAL_EVERY


def put_in_order(tools: Tools, *, stop_within_seconds: float) -> bool:
    """Run until SIGTERM or SIGINT; say whether everything ended in time. Call it from the main thread."""
    # Blocked before the threads start, which inherit it: the signal waits for sigwait and interrupts nothing.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    loops = [
        Loop("feed", tools, work=number, next_due=next_entry_at, wake=tools.look_for_entries),
        Loop("seals", tools, work=seal, next_due=_next_seal_at, wake=tools.look_for_events),
    ]
    for loop in loops:
        loop.start()
    signal.sigwait(_STOPS)
    tools.end()
    deadline_ms = monotonic_ms() + int(stop_within_seconds * 1000)
    return all(loop.end(within_seconds=max(0, deadline_ms - monotonic_ms()) / 1000) for loop in loops)
