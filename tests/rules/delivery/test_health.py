"""An endpoint's breaker: open after ten failures or when less is asked for, closed by one good answer."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.delivery.rules.health import (
    DISABLE_AFTER,
    FIRST_REST_SECONDS,
    LONGEST_ASKED_SECONDS,
    LONGEST_REST_SECONDS,
    OPENS_AFTER,
    Health,
    after,
    is_given_up,
)
from app.delivery.rules.retries import JITTER, Answer

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
FAILED, GOOD = Answer(500, 20), Answer(204, 20)


def failed(times: int, health: Health | None = None, *, at: datetime = NOW) -> Health:
    """Return the health after so many failures at one time."""
    found = health or Health()
    for _ in range(times):
        found = after(found, FAILED, now=at, draw=0.5)
    return found


def rest(health: Health, *, at: datetime = NOW) -> float:
    """Return how many seconds it rests from a time on; 0 when it does not."""
    return 0.0 if health.resting_until is None else max(0.0, (health.resting_until - at).total_seconds())


def test_it_rests_after_ten_failures_and_twice_as_long_after_each_further_one() -> None:
    assert rest(failed(OPENS_AFTER - 1)) == 0
    health, at, rests = failed(OPENS_AFTER), NOW, []
    for _ in range(9):
        rests.append(rest(health, at=at))
        at += timedelta(seconds=rests[-1])
        health = failed(1, health, at=at)
    assert rests == [10, 20, 40, 80, 160, 320, 600, 600, 600]
    assert after(health, GOOD, now=at, draw=0.5) == Health()


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_answer_that_asks_for_less_is_heeded_at_once(status: int) -> None:
    assert rest(after(Health(), Answer(status, 1), now=NOW, draw=0.5)) == FIRST_REST_SECONDS
    assert rest(after(Health(), Answer(status, 1, retry_after_seconds=90), now=NOW, draw=0.5)) == 90
    asked = Answer(status, 1, retry_after_seconds=10**9)
    assert rest(after(Health(), asked, now=NOW, draw=0.5)) == LONGEST_ASKED_SECONDS


def test_what_was_under_way_when_a_rest_began_does_not_make_it_longer() -> None:
    health = failed(OPENS_AFTER)
    assert failed(3, health).resting_until == health.resting_until


def test_it_is_given_up_after_five_days_of_nothing_but_failures() -> None:
    health = failed(1)
    assert not is_given_up(health, now=NOW + DISABLE_AFTER - timedelta(seconds=1))
    assert is_given_up(failed(1, health, at=NOW + DISABLE_AFTER), now=NOW + DISABLE_AFTER)
    assert not is_given_up(after(health, GOOD, now=NOW, draw=0.0), now=NOW + 2 * DISABLE_AFTER)


@given(st.lists(st.sampled_from([200, 404, 429, 500, 502, None]), max_size=60), st.floats(0, 1, exclude_max=True))
def test_no_history_makes_it_rest_for_longer_than_the_longest_rest(statuses: list[int | None], draw: float) -> None:
    health, at = Health(), NOW
    for status in statuses:
        health = after(health, Answer(status, 1), now=at, draw=draw)
        assert rest(health, at=at) <= LONGEST_REST_SECONDS * (1 + JITTER)
        at += timedelta(seconds=rest(health, at=at))
