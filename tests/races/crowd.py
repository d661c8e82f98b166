"""Many threads that begin at the same moment, and what is looked at after every race."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.kernel.db import Database
from app.kernel.errors import ServiceError
from app.reports.invariants import check_invariants
from app.reports.rebuild import find_differences

DEADLINE_SECONDS = 30


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Run each of these in a thread of its own from the same moment on; return, in order, what each answered.

    A refusal is an answer. Whatever else is raised, a deadlock too, fails the test.
    """
    start = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        start.wait(DEADLINE_SECONDS)
        try:
            return work()
        except ServiceError as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(DEADLINE_SECONDS * 20) for future in [pool.submit(run, work) for work in works]]


def assert_sound(database: Database) -> None:
    """Fail unless every promise of the system still holds, and the ledger is what its beats and rates come to."""
    with database.unit_of_work() as session:
        broken = [str(one) for one in (*check_invariants(session), *find_differences(session))]
        # pytest explains no assertion of a module that holds no tests.
        assert not broken, "\n".join(broken)
