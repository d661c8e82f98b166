"""Durations of settings: ISO 8601 text to milliseconds, without anything that depends on a calendar."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.durations import MAX_DURATION_MS, DurationInvalid, parse_duration


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("PT1H", 3_600_000),
        ("PT4H", 14_400_000),
        ("P1D", 86_400_000),
        ("P2W", 1_209_600_000),
        ("PT90M", 5_400_000),
        ("PT45S", 45_000),
        ("PT0.5S", 500),
        ("PT1,25S", 1_250),
        ("PT0.001S", 1),
        ("P1DT2H3M4.005S", 93_784_005),
        ("P0D", 0),
        ("PT0S", 0),
        ("P3660D", MAX_DURATION_MS),
    ],
)
def test_a_duration_is_read(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "P",
        "PT",
        "P1DT",
        "1H",
        "PT1",
        "P1Y",
        "P1M",
        "P1Y2DT3H",
        "P1H",
        "PT1D",
        "P1W2D",
        "P1WT1H",
        "-PT1H",
        "+PT1H",
        "PT-1H",
        "pt1h",
        "PT1.5H",
        "PT1.S",
        "PT.5S",
        "PT0.0001S",
        "PT1M1H",
        "PT1H1H",
        " PT1H",
        "PT1H\n",
        "PT١H",
        "P3661D",
        "PT9999999999H",
        "P" + "1" * 100_000 + "D",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(DurationInvalid):
        parse_duration(text)


@given(st.text(st.sampled_from("PTDHMSWY0123456789.,-"), max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        duration_ms = parse_duration(text)
    except DurationInvalid:
        return
    assert 0 <= duration_ms <= MAX_DURATION_MS
