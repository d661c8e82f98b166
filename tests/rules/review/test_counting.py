"""How votes make a decision, case by case."""

import pytest

from app.review.rules.counting import Count, Terms, count, standing
from tests.rules.review.ballots import ballots

# Votes in order: a approve, c correct, r reject, p respond; a digit beside it tells answers apart.
OPEN = [
    # One approval is enough.
    (1, 1, 3, "a", Count("decided", (0,))),
    (1, 1, 3, "c", Count("decided", (0,))),
    (1, 1, 3, "r", Count("decided", (0,))),
    (1, 1, 3, "p", Count("decided", (0,))),
    # Two approvals, one rejection ends.
    (2, 1, 3, "a", Count("open", missing=1)),
    (2, 1, 3, "aa", Count("decided", (0, 1))),
    (2, 1, 3, "ca", Count("decided", (0, 1))),
    (2, 1, 3, "ar", Count("decided", (1,))),
    (2, 1, 3, "ap", Count("decided", (1,))),
    (3, 1, 3, "aa", Count("open", missing=1)),
    # A rejection is a vote where more than one is asked for.
    (1, 2, 3, "r", Count("open", missing=1)),
    (1, 2, 3, "rr", Count("decided", (0, 1))),
    (1, 2, 3, "ra", Count("decided", (1,))),
    (2, 2, 3, "ra", Count("open", missing=1)),
    (2, 2, 3, "raa", Count("decided", (1, 2))),
    (2, 2, 3, "arr", Count("decided", (1, 2))),
    (2, 2, 3, "rap", Count("decided", (2,))),
    # They disagree, and nobody else is to be asked.
    (2, 2, 2, "ar", Count("disagreed")),
    (3, 3, 3, "ara", Count("disagreed")),
    (3, 3, 4, "ara", Count("open", missing=1)),
    (3, 3, 4, "arar", Count("disagreed")),
    # They are as many as may be, and of one mind: the rest is waited for.
    (4, 2, 3, "aaa", Count("open", missing=1)),
]
BLIND = [
    (2, 2, 3, "a1", Count("open", missing=1)),
    (2, 2, 3, "a1a1", Count("decided", (0, 1))),
    (2, 2, 3, "r1r1", Count("decided", (0, 1))),
    (2, 2, 3, "c1c1", Count("decided", (0, 1))),
    # The same verb with another outcome is another answer.
    (2, 2, 3, "c1c2", Count("open", missing=1)),
    (2, 2, 3, "c1c2c2", Count("decided", (1, 2))),
    (2, 2, 3, "c1c2c1", Count("decided", (0, 2))),
    (2, 2, 3, "c1c2c3", Count("disagreed")),
    (2, 2, 2, "a1r1", Count("disagreed")),
    (2, 2, 3, "a1r1", Count("open", missing=1)),
    # An answer alone decides nothing where two are asked.
    (2, 2, 3, "p1", Count("open", missing=1)),
    (2, 2, 3, "p1p1", Count("decided", (0, 1))),
    (2, 2, 3, "p1p2p3", Count("disagreed")),
    # More than two approvals are asked for: so many have to agree.
    (3, 2, 3, "a1a1", Count("open", missing=1)),
    (3, 2, 3, "a1a1a1", Count("decided", (0, 1, 2))),
    (3, 2, 3, "a1r1r1", Count("decided", (1, 2))),
    (3, 2, 3, "a1a1r1", Count("disagreed")),
    (3, 2, 4, "a1a1r1a1", Count("decided", (0, 1, 3))),
    # Never fewer than two, whatever was asked for.
    (1, 1, 3, "a1", Count("open", missing=1)),
    (1, 1, 3, "r1", Count("open", missing=1)),
]


@pytest.mark.parametrize(("approvals", "rejections", "most", "said", "comes_to"), OPEN)
def test_votes_that_see_each_other(approvals: int, rejections: int, most: int, said: str, comes_to: Count) -> None:
    assert count(ballots(said), Terms(approvals, rejections, most)) == comes_to


@pytest.mark.parametrize(("approvals", "rejections", "most", "said", "comes_to"), BLIND)
def test_votes_that_do_not(approvals: int, rejections: int, most: int, said: str, comes_to: Count) -> None:
    assert count(ballots(said), Terms(approvals, rejections, most, blind=True)) == comes_to


@pytest.mark.parametrize(
    ("said", "stand"),
    [("", []), ("aa", [0, 1]), ("ac", [1]), ("rca", [1, 2]), ("acac", [3]), ("cc", [1]), ("ra", [0, 1])],
)
def test_an_edit_lets_the_votes_before_it_count_no_more(said: str, stand: list[int]) -> None:
    assert standing(ballots(said), blind=False) == stand


def test_where_nobody_sees_an_edit_all_stand() -> None:
    assert standing(ballots("acra"), blind=True) == [0, 1, 2, 3]


def test_a_person_counts_once_with_what_she_said_last() -> None:
    first, second = ballots("ra")
    again = type(first)(first.person_id, "approve")
    assert standing([first, second, again], blind=False) == [1, 2]


def test_without_votes_all_are_missing() -> None:
    assert count([], Terms(3, 2, 3)) == Count("open", missing=2)
    assert count([], Terms(3, 2, 3, blind=True)) == Count("open", missing=2)
