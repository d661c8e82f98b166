"""A recorded session measured by the ledger's rule."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timekeeping.rules.replay import measure

INSTANTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=40)


@given(INSTANTS, st.integers(1, 400_000), st.randoms(use_true_random=False))
def test_each_pause_counts_up_to_the_cap_in_whatever_order_events_are_told(
    at: list[int], cap_ms: int, chance: Random
) -> None:
    order = sorted(at)
    expected = sum(min(b - a, cap_ms) for a, b in pairwise(order))
    told = [*at, *at[:3]]
    chance.shuffle(told)
    assert measure(told, cap_ms=cap_ms) == expected


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an event"):
        measure((), cap_ms=1)
