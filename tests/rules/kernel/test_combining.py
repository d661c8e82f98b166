"""What several threads ask for at one moment is done in one go, each gets its own result, and no fault spreads."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from app.kernel.combining import Combiner

WAIT = 30


class Doubling:
    """Doubles numbers; the first time it waits until it is let go, so that company gathers."""

    def __init__(self, *, most: int = 64) -> None:
        self.begun, self.let_go = Event(), Event()
        self.groups: list[list[int]] = []
        self.combiner = Combiner[int, int](self.work, most=most)

    def work(self, tasks: Sequence[int]) -> list[int | None]:
        """Double each; refuse 13, and leave 7 to be done alone."""
        self.groups.append(list(tasks))
        self.begun.set()
        assert self.let_go.wait(WAIT)
        if 13 in tasks:
            raise ArithmeticError("thirteen")
        return [None if task == 7 else 2 * task for task in tasks]

    def gather(self, first: int, *others: int) -> list[int | None]:
        """Return the results when the others come, in this order, while the first is being done."""
        with ThreadPoolExecutor(1 + len(others)) as pool:
            asked: list[Future[int | None]] = [pool.submit(self.combiner.do, first)]
            assert self.begun.wait(WAIT)
            for place, task in enumerate(others, 1):
                asked.append(pool.submit(self.combiner.do, task))
                while len(self.combiner) < place:
                    pass
            self.let_go.set()
            return [future.result(WAIT) for future in asked]


def test_who_comes_alone_is_done_at_once() -> None:
    doubling = Doubling()
    doubling.let_go.set()
    assert [doubling.combiner.do(n) for n in (1, 2)] == [2, 4]
    assert doubling.groups == [[1], [2]]


def test_who_come_meanwhile_are_done_in_one_go_in_their_order() -> None:
    doubling = Doubling()
    assert doubling.gather(1, 2, 3, 4) == [2, 4, 6, 8]
    assert doubling.groups == [[1], [2, 3, 4]]


def test_no_go_takes_more_than_the_most() -> None:
    doubling = Doubling(most=2)
    assert doubling.gather(1, 2, 3, 4, 5, 6) == [2, 4, 6, 8, 10, 12]
    assert doubling.groups == [[1], [2, 3], [4, 5], [6]]


def test_what_has_to_be_done_alone_holds_up_nobody_else() -> None:
    assert Doubling().gather(1, 7, 3) == [2, None, 6]


@pytest.mark.parametrize("others", [(13, 3), (3, 13)])
def test_a_go_that_fails_leaves_each_of_its_tasks_to_its_own_thread(others: tuple[int, int]) -> None:
    doubling = Doubling()
    assert doubling.gather(1, *others) == [2, None, None]
    assert doubling.combiner.do(5) == 10
    assert len(doubling.combiner) == 0


def test_a_work_that_answers_too_few_fails_as_a_whole() -> None:
    combiner = Combiner[int, int](lambda _tasks: [], most=2)
    assert combiner.do(1) is None
