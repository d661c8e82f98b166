"""The words by which a submission is found, and how a question is read."""

import pytest

from app.submissions.rules.received import read_received
from app.submissions.rules.words import LONGEST_WORD, MOST_ASKED, MOST_WORDS, read_question, split, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Cat, the hat!", ["the", "cat", "the", "hat"]),
        ("Zoë CAFÉ Straße", ["zoe", "cafe", "strasse"]),
        ("ＦＵＬＬ １２３", ["full", "123"]),
        ("ada@acme.example", ["ada", "acme", "example"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("서울 특별시", ["서울", "특별시"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("", []),
        ("\u202e\u200b --- !!", []),
        ("x" * 500, ["x" * LONGEST_WORD]),
    ],
)
def test_a_text_is_split_without_regard_to_case_accents_and_width(text: str, words: list[str]) -> None:
    assert split(text) == words


def test_everything_that_a_reviewer_reads_is_found_and_nothing_sensitive() -> None:
    received = read_received(
        {
            "task_type": "t",
            "title": "alpha",
            "instructions": "beta",
            "output": {"city": "gamma", "secret": "hush", "n": 12.5, "list": [{"deep": "delta"}], "yes": True},
            "context": [{"type": "text", "title": "epsilon", "value": {"turns": ["zeta"]}}],
            "actions": [{"name": "eta", "args": {"to": "theta", "secret": "hush"}}],
            "sensitive": ["/secret"],
            "metadata": {"not": "searched"},
        }
    )
    words = words_of(received)
    assert {"alpha", "beta", "gamma", "12", "5", "delta", "epsilon", "zeta", "eta", "theta"} <= set(words)
    assert {"hush", "searched", "true"}.isdisjoint(words)


def test_a_long_text_is_cut() -> None:
    assert len(words_of(read_received({"task_type": "t", "output": "word " * (2 * MOST_WORDS)}))) == MOST_WORDS


@pytest.mark.parametrize(
    ("text", "phrases"),
    [
        ("cat hat", [["cat"], ["hat"]]),
        ('"the cat" hat', [["the", "cat"], ["hat"]]),
        ('"open end', [["open", "end"]]),
        ("ada@acme.example", [["ada", "acme", "example"]]),
        ("東京", [["東", "京"]]),
        ("& | ! ( ) :* <->", []),
        ('""', []),
    ],
)
def test_a_question_is_phrases_that_must_all_be_there(text: str, phrases: list[list[str]]) -> None:
    assert read_question(text) == phrases


def test_a_question_is_bounded() -> None:
    assert sum(len(phrase) for phrase in read_question("a b c " * 100)) == MOST_ASKED
