"""What was changed in a text is what the desk says was changed: every word of it and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.web import word_diff
from app.web.word_diff import NEIGHBOURHOOD, word_changes

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


def test_when_the_time_is_up_both_texts_are_shown_in_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(word_diff, "SECONDS", 1e-9)
    before = " ".join(str(n % 97) for n in range(4_000))
    after = " ".join(str(n % 89) for n in range(1, 4_000))
    assert said(before, after) == [("removed", before), ("added", after)]
