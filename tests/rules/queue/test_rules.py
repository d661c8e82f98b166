"""The life of an item, its place in line, and how long a lease lasts."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from app.queue.rules import MAX_PRIORITY, STATES, TRANSITIONS, StepNotAllowed, Transition, extend_lease, sort_key, step

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "claim_seconds", "expires"),
    [
        (timedelta(0), 900, timedelta(minutes=15)),
        (timedelta(hours=1), 900, timedelta(hours=1, minutes=15)),
        (timedelta(hours=3, minutes=55), 900, timedelta(hours=4)),
        (timedelta(hours=5), 900, timedelta(hours=4)),
        (timedelta(hours=1), 86_400, timedelta(hours=24)),
    ],
)
def test_a_lease_is_renewed_from_now_and_never_beyond_its_ceiling(
    after: timedelta, claim_seconds: int, expires: timedelta
) -> None:
    assert extend_lease(claimed_at=START, now=START + after, claim_ms=claim_seconds * 1000) == START + expires


def test_priority_comes_before_due_time_and_due_time_before_nothing() -> None:
    soon, later = START, START + timedelta(milliseconds=1)
    keys = [sort_key(MAX_PRIORITY, later), sort_key(50, soon), sort_key(50, later), sort_key(0, soon)]
    assert all(first < second for first, second in pairwise(keys))


def test_a_sort_key_fits_a_bigint() -> None:
    assert 0 <= sort_key(0, datetime(2199, 12, 31, tzinfo=UTC)) < 2**63


def test_every_transition_joins_known_states() -> None:
    assert {t.before for t in TRANSITIONS} | {t.after for t in TRANSITIONS} == set(STATES)


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda t: t.act)
def test_a_claim_ends_exactly_when_its_item_stops_being_claimed(transition: Transition) -> None:
    leaves = transition.before == "claimed" and transition.after != "claimed"
    assert leaves == (transition.claim_outcome is not None)


@pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda t: t.act)
def test_a_step_is_refused_from_any_other_state(transition: Transition) -> None:
    assert step(transition.act, transition.before) is transition
    for state in set(STATES) - {t.before for t in TRANSITIONS if t.act == transition.act}:
        with pytest.raises(StepNotAllowed):
            step(transition.act, state)
