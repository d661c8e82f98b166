"""What was changed in a text is what the desk says was changed: every word of it and nothing else."""

import time

from hypothesis import given
from hypothesis import strategies as st

from app.web.word_diff import NEIGHBOURHOOD, SECONDS, word_changes

TEXTS = st.text(st.sampled_from("ab \n.,é\u202e字"), max_size=60) | st.text(max_size=40)


def said(before: str, after: str) -> list[tuple[str, str]]:
    return [(piece.how, piece.text) for piece in word_changes(before, after)]


@given(before=TEXTS, after=TEXTS)
def test_both_texts_can_be_read_from_the_pieces(before: str, after: str) -> None:
    pieces = word_changes(before, after)
    assert "".join(p.text for p in pieces if p.how != "added") == before
    assert "".join(p.text for p in pieces if p.how != "removed") == after


def test_words_change_whole() -> None:
    assert said("We ship on Monday.", "We ship on Tuesday.") == [
        ("same", "We ship on "),
        ("removed", "Monday"),
        ("added", "Tuesday"),
        ("same", "."),
    ]


def test_of_a_long_text_only_the_neighbourhood_of_a_change_is_shown() -> None:
    long = "word " * 1_000
    (gap, before, removed, added, after, rest) = said(f"{long}one{long}", f"{long}two{long}")
    assert (removed, added) == (("removed", "one" + "word"), ("added", "two" + "word"))
    assert len(before[1]) == len(after[1]) == NEIGHBOURHOOD
    assert gap == ("gap", "4,840 characters as they were")
    assert rest[0] == "gap"


def test_a_text_that_is_changed_everywhere_is_bounded() -> None:
    before = " ".join(str(n % 97) for n in range(40_000))
    after = " ".join(str(n % 89) for n in range(40_000))
    start = time.process_time()
    assert word_changes(before, after)
    # What is bounded is the search; cutting into words and putting together is linear.
    assert time.process_time() - start < 20 * SECONDS
