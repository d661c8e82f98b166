"""What an answer means, when the next try comes, and what a Retry-After header says."""

from datetime import UTC, datetime

import pytest

from app.delivery.rules.retries import (
    DELIVERED,
    DUE,
    MAX_RETRY_AFTER_SECONDS,
    PARKED,
    WAITS_SECONDS,
    Answer,
    Verdict,
    judge,
    read_retry_after,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MIDDLE = 0.5


def answer(status_code: int | None, retry_after_seconds: int | None = None) -> Answer:
    return Answer(status_code, 12, retry_after_seconds, None if status_code else "timed out")


def test_the_schedule_is_ten_tries_over_75_hours_35_minutes_and_5_seconds() -> None:
    minute, hour = 60, 3_600
    assert (
        0,
        5,
        5 * minute,
        30 * minute,
        2 * hour,
        5 * hour,
        10 * hour,
        14 * hour,
        20 * hour,
        24 * hour,
    ) == WAITS_SECONDS
    assert sum(WAITS_SECONDS) == 75 * hour + 35 * minute + 5


@pytest.mark.parametrize("tries", range(1, 10))
def test_a_failed_try_waits_as_long_as_the_schedule_says_give_or_take_a_fifth(tries: int) -> None:
    planned = WAITS_SECONDS[tries]
    shortest, middle, longest = (judge(answer(500), tries=tries, draw=draw) for draw in (0.0, MIDDLE, 0.999_999))
    assert {shortest.state, middle.state, longest.state} == {DUE}
    assert shortest.wait_seconds == pytest.approx(0.8 * planned)
    assert middle.wait_seconds == pytest.approx(planned)
    assert longest.wait_seconds == pytest.approx(1.2 * planned, rel=1e-4)


def test_the_tenth_failure_parks() -> None:
    assert judge(answer(500), tries=10, draw=MIDDLE) == Verdict(PARKED)
    assert judge(answer(None), tries=11, draw=MIDDLE) == Verdict(PARKED)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_delivers_even_at_the_last_try(status: int) -> None:
    assert judge(answer(status), tries=1, draw=MIDDLE) == Verdict(DELIVERED)
    assert judge(answer(status), tries=10, draw=MIDDLE) == Verdict(DELIVERED)


@pytest.mark.parametrize(
    "status", [None, 103, 300, 301, 302, 304, 307, 308, 400, 401, 404, 429, 500, 502, 503, 504, 599]
)
def test_everything_else_is_tried_again_and_disables_nothing(status: int | None) -> None:
    assert judge(answer(status), tries=1, draw=MIDDLE) == Verdict(DUE, wait_seconds=5)


def test_410_parks_at_once_and_disables_the_endpoint() -> None:
    assert judge(answer(410), tries=1, draw=MIDDLE) == Verdict(PARKED, disables=True)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [(None, 5), (0, 5), (1, 5), (6, 6), (3_600, 3_600), (86_400, 86_400), (86_401, 86_400), (10**9, 86_400)],
)
def test_retry_after_lengthens_a_wait_up_to_a_day_and_never_shortens_it(asked: int | None, waits: int) -> None:
    assert judge(answer(429, asked), tries=1, draw=MIDDLE).wait_seconds == waits


def test_retry_after_gives_no_eleventh_try() -> None:
    assert judge(answer(503, 60), tries=10, draw=MIDDLE) == Verdict(PARKED)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("", None),
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("9" * 5_000, MAX_RETRY_AFTER_SECONDS),
        ("-5", None),
        ("1.5", None),
        ("\u0661\u0662", None),
        ("soon", None),
        ("Mon, 02 Mar 2026 09:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 08:00:00 GMT", 0),
        ("Mon, 02 Mar 2026 09:02:00 -0000", None),
        ("Mon, 99 Foo 2026 25:61:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_a_retry_after_header_is_seconds_or_a_date_or_nothing(text: str | None, seconds: int | None) -> None:
    assert read_retry_after(text, now=NOW) == seconds
