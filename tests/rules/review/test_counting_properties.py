"""What holds for every series of votes: distinct people, never more than needed, and an edit begins anew."""

from collections import Counter
from random import Random
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.review.rules.counting import APPROVING, Ballot, Count, Terms, count, standing

people = st.integers(1, 8).map(lambda n: UUID(int=n))
verbs = st.sampled_from(["approve", "correct", "reject", "respond"])
ballot = st.builds(Ballot, people, verbs, st.sampled_from([b"x", b"y", b"z"]))
numbers = st.integers(1, 5)
terms = st.builds(Terms, numbers, numbers, st.integers(2, 6), st.booleans())


def until_the_end(given_votes: list[Ballot], asked: Terms) -> tuple[list[Ballot], Count]:
    """Let people vote one after the other, each while hers does not stand, until somebody has to decide no more."""
    said: list[Ballot] = []
    for one in given_votes:
        if one.person_id in {said[n].person_id for n in standing(said, blind=asked.blind)}:
            continue
        said.append(one)
        stand = [said[n] for n in standing(said, blind=asked.blind)]
        counted = count(stand, asked)
        if counted.result != "open":
            return stand, counted
    stand = [said[n] for n in standing(said, blind=asked.blind)]
    return stand, count(stand, asked)


@given(st.lists(ballot, max_size=14), terms)
def test_a_decision_rests_on_exactly_as_many_people_as_it_needs(said: list[Ballot], asked: Terms) -> None:
    stand, counted = until_the_end(said, asked)
    if counted.result != "decided":
        return
    grounds = [stand[n] for n in counted.grounds]
    assert len({b.person_id for b in grounds}) == len(grounds)
    assert grounds[-1] == stand[-1]
    verb = stand[-1].verb
    needed = asked.approvals if verb in APPROVING else asked.rejections if verb == "reject" else 1
    assert len(grounds) == (max(2, needed if verb != "respond" else 2) if asked.blind else needed)
    if asked.blind:
        assert {(b.verb, b.answer) for b in grounds} == {(verb, stand[-1].answer)}
    else:
        assert len({b.verb in APPROVING for b in grounds}) == 1


@given(st.lists(ballot, max_size=14), terms)
def test_only_people_count_whose_votes_stand_and_each_once(said: list[Ballot], asked: Terms) -> None:
    stand = [said[n] for n in standing(said, blind=asked.blind)]
    assert len({b.person_id for b in stand}) == len(stand)
    if not asked.blind:
        assert [b.verb for b in stand[1:]].count("correct") == 0


@given(st.lists(ballot, max_size=10), st.lists(ballot, max_size=5))
def test_nothing_before_an_edit_matters(before: list[Ballot], after: list[Ballot]) -> None:
    edit = Ballot(UUID(int=99), "correct", b"x")
    shift = len(before)
    assert standing([*before, edit, *after], blind=False) == [n + shift for n in standing([edit, *after], blind=False)]


@given(st.lists(st.builds(Ballot, people, st.sampled_from(["approve", "reject"])), max_size=8), terms, st.randoms())
def test_without_edits_the_order_decides_nothing_but_who_is_last(
    said: list[Ballot], asked: Terms, random: Random
) -> None:
    votes = [said[n] for n in standing(said, blind=asked.blind)]
    mixed = random.sample(votes, len(votes))
    tally = Counter(b.verb for b in votes)
    if tally["approve"] >= asked.approvals and tally["reject"] >= asked.rejections:
        return  # Nobody votes on once enough have agreed.
    assert count(votes, asked).result == count(mixed, asked).result
    assert count(votes, asked).missing == count(mixed, asked).missing


@given(st.lists(ballot, min_size=1, max_size=14), terms)
def test_while_it_is_open_somebody_is_missing_and_so_many_of_one_mind_would_decide(
    said: list[Ballot], asked: Terms
) -> None:
    stand, counted = until_the_end(said, asked)
    if counted.result != "open":
        return
    assert counted.missing >= 1
    strangers = [UUID(int=1000 + n) for n in range(counted.missing)]
    sames = {(b.verb, b.answer) for b in stand} | {("approve", b""), ("reject", b"")}
    results = {
        until_the_end([*stand, *(Ballot(p, verb, answer) for p in strangers)], asked)[1].result
        for verb, answer in sames
        if verb != "correct" or asked.blind
    }
    assert "decided" in results or "disagreed" in results
