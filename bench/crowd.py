"""Let many reviewers work at once, each in a process of its own, from one instant to another.

Processes are forked from a clean server process that holds no connection. All begin together, what they do in the
first part is not counted, and each hands back how long everything took.
"""

import multiprocessing
import os
import time
from array import array
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

PRELOADED: Final = ["bench.claiming", "bench.intake", "bench.loop", "bench.limit", "bench.resuming"]
SETTLE_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.5
QUIET_CORES: Final = 0.3


@dataclass(frozen=True)
class Span:
    """When to work, on the machine's monotonic clock; what ends before `counts_from` is warming up."""

    begins: float
    counts_from: float
    ends: float

    @property
    def seconds(self) -> float:
        """Return how long counts."""
        return self.ends - self.counts_from


@dataclass
class Tally:
    """What one reviewer did: milliseconds by kind of call, and when each call ended, in seconds of the span."""

    took: dict[str, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    ended: dict[str, "array[float]"] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    empty: int = 0
    faults: list[str] = field(default_factory=list)

    def note(self, kind: str, span: Span, started: float, ended: float) -> None:
        """Keep one call, if it belongs to what counts."""
        if span.counts_from <= ended < span.ends:
            self.took[kind].append((ended - started) * 1000)
            self.ended[kind].append(ended - span.counts_from)


Work = Callable[[Any, Span], list[Tally]]


def _child(pipe: Any, work: Work, order: Any) -> None:
    try:
        pipe.send("ready")
        span: Span = pipe.recv()
        tallies = work(order, span)
    except Exception as error:  # whatever it was, the parent has to know
        tallies = [Tally(faults=[f"{type(error).__name__}: {error}"])]
    pipe.send([(dict(t.took), dict(t.ended), t.empty, t.faults) for t in tallies])
    pipe.close()


def let_work(work: Work, orders: Sequence[Any], *, seconds: float) -> tuple[list[Tally], Span]:
    """Run `work` for each order in a process of its own, and return what every reviewer did.

    Raises:
        RuntimeError: somebody could not go on; figures of a broken run mean nothing.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    pipes, children = [], []
    for order in orders:
        ours, theirs = context.Pipe()
        child = context.Process(target=_child, args=(theirs, work, order), daemon=True)
        child.start()
        theirs.close()
        pipes.append(ours)
        children.append(child)
    for pipe in pipes:
        pipe.recv()
    warm = min(1.0, seconds / 4)
    # Whoever still has to connect does so before it begins.
    begins = time.monotonic() + SETTLE_SECONDS + 0.02 * len(orders)
    span = Span(begins, begins + warm, begins + warm + seconds)
    for pipe in pipes:
        pipe.send(span)
    tallies = [Tally(*parts) for pipe in pipes for parts in pipe.recv()]
    for child in children:
        child.join()
    faults = [fault for tally in tallies for fault in tally.faults]
    if faults:
        raise RuntimeError(f"{len(faults)} reviewers stopped, the first with {faults[0]}")
    return tallies, span


def wait_until(at: float) -> None:
    """Sleep until an instant of the machine's monotonic clock."""
    time.sleep(max(0.0, at - time.monotonic()))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of the values does not exceed; 0 when there are none."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1))]


def wait_for_quiet(patience: float) -> float:
    """Wait, so many seconds at most, until others leave the machine alone; return how many cores they still use."""
    end = time.monotonic() + patience
    while True:
        used = _cores_in_use(LOOK_SECONDS)
        if used < QUIET_CORES or time.monotonic() > end:
            return used


def _cores_in_use(seconds: float) -> float:
    idle, began = _idle_seconds(), time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    return max(0.0, (os.cpu_count() or 1) - (_idle_seconds() - idle) / took)


def _idle_seconds() -> float:
    """Return for how long the machine's cores have been idle, together."""
    path = Path("/proc/stat")
    if not path.exists():
        return 0.0
    _, _user, _nice, _system, idle, iowait, *_ = path.read_text(encoding="ascii").split("\n", 1)[0].split()
    return (int(idle) + int(iowait)) / os.sysconf("SC_CLK_TCK")
