"""Lengths of time are read as people write them, and written so that they are read as the same again."""

import pytest

from app.web.durations import LONGEST_MS, read_duration, write_duration, write_exactly

MINUTE = 60_000


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("90 min", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("45", 45 * MINUTE),
        ("1 D", 1_440 * MINUTE),
        ("90 s", 90_000),
        ("366 d", LONGEST_MS),
    ],
)
def test_a_length_is_read(text: str, ms: int) -> None:
    assert read_duration(text) == ms


@pytest.mark.parametrize("text", ["", "soon", "0 min", "367 d", "-1 h", "1 week", "1.5 h", "٣ h", "9" * 400, "4 hours"])
def test_what_is_no_length_is_none(text: str) -> None:
    assert read_duration(text) is None


@pytest.mark.parametrize("ms", [1_000, 90_000, 90 * MINUTE, 14_400_000, LONGEST_MS, 86_400_000 + 1_000])
def test_what_is_written_is_read_as_the_same(ms: int) -> None:
    assert read_duration(write_duration(ms)) == ms


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0:00:00.000"), (62_345, "0:01:02.345"), (3_600_000, "1:00:00.000"), (90_061_007, "25:01:01.007")],
)
def test_an_exact_length_shows_every_millisecond(ms: int, text: str) -> None:
    assert write_exactly(ms) == text
