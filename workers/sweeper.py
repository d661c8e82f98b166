"""The process that needs no hint: it wakes when something is due and repairs whatever a lost hint left undone.

Six loops, so that neither a slow endpoint or mail server nor a long queue nor many time-outs hold up the end of a
lease, and one that fails stops no other: deliveries, telling people, the counting of queues, finding by words, the
timers of items, and everything else that is due by the clock. Needs PostgreSQL alone. Started by the runner.
"""

import signal
from typing import Final

import structlog

from app.delivery.queries import next_due_at
from app.kernel.clock import monotonic_ms
from app.queue.queries import next_count_at, next_expiry, next_wake
from workers.claims import expire
from workers.deliveries import send_due
from workers.finding import index, whenever
from workers.forgetting import forget
from workers.loads import count_due
from workers.loop import Loop
from workers.task import Tools
from workers.telling import next_telling, tell
from workers.timers import measure, reorder, tend

MEASURE_EVERY_MS: Final = 600_000
FORGET_EVERY_MS: Final = 600_000
_STOPS: Final = frozenset({signal.SIGTERM, signal.SIGINT})

_log = structlog.get_logger(__name__)


class Sweep:
    """What is due by the clock and has no loop of its own: ends of leases, and forgetting."""

    def __init__(self) -> None:
        self._forget_at_ms = 0

    def __call__(self, tools: Tools) -> None:
        """Do what is due now."""
        expired = expire(tools)
        if expired:
            _log.info("claims expired", count=expired)
        if monotonic_ms() >= self._forget_at_ms:
            forget(tools)
            self._forget_at_ms = monotonic_ms() + FORGET_EVERY_MS


class Timers:
    """What time asks of items; what it asks is done before anything is put in order or measured."""

    def __init__(self) -> None:
        self._measure_at_ms = 0

    def __call__(self, tools: Tools) -> None:
        """Do what is due now."""
        tend(tools)
        reorder(tools)
        if monotonic_ms() >= self._measure_at_ms:
            measure(tools)
            self._measure_at_ms = monotonic_ms() + MEASURE_EVERY_MS


def sweep(tools: Tools, *, stop_within_seconds: float) -> bool:
    """Run until SIGTERM or SIGINT; say whether everything ended in time. Call it from the main thread."""
    # Blocked before the threads start, which inherit it: the signal waits for sigwait and interrupts nothing.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOPS)
    loops = [
        Loop("deliveries", tools, work=send_due, next_due=next_due_at, wake=tools.look_for_deliveries),
        Loop("telling", tools, work=tell, next_due=next_telling(tools), wake=tools.look_for_news),
        Loop("loads", tools, work=count_due, next_due=next_count_at, wake=tools.look_for_loads),
        Loop("finding", tools, work=index, next_due=whenever, wake=tools.look_for_contents),
        Loop("timers", tools, work=Timers(), next_due=next_wake, wake=tools.look_for_items),
        Loop("sweeps", tools, work=Sweep(), next_due=next_expiry, wake=tools.look_for_claims),
    ]
    for loop in loops:
        loop.start()
    signal.sigwait(_STOPS)
    tools.end()
    deadline_ms = monotonic_ms() + int(stop_within_seconds * 1000)
    return all(loop.end(within_seconds=max(0, deadline_ms - monotonic_ms()) / 1000) for loop in loops)
