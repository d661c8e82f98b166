"""A recorded session measured by the ledger's rule."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.timekeeping.rules.replay import Recorded, measure, quantile

INSTANTS = st.lists(st.integers(0, 10**7), min_size=1, max_size=40)


@given(INSTANTS, st.integers(1, 400_000), st.randoms(use_true_random=False))
def test_each_pause_counts_up_to_the_cap_in_whatever_order_events_are_told(
    at: list[int], cap_ms: int, chance: Random
) -> None:
    order = sorted(at)
    expected = sum(min(b - a, cap_ms) for a, b in pairwise(order))
    told = [*at, *at[:3]]
    chance.shuffle(told)
    assert measure(Recorded(tuple(told)), cap_ms=cap_ms) == expected


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_a_quantile_lies_between_its_neighbours(values: list[int]) -> None:
    ordered = sorted(values)
    assert [quantile(ordered, 0), quantile(ordered, 1)] == [ordered[0], ordered[-1]]
    assert ordered[0] <= quantile(ordered, 0.3) <= quantile(ordered, 0.9) <= ordered[-1]


def test_quantiles_are_interpolated() -> None:
    # What percentile_cont gives for 10, 20, 30, 40.
    assert [quantile([10, 20, 30, 40], share) for share in (0.25, 0.5, 0.9)] == [17.5, 25.0, 37.0]


def test_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs an event"):
        measure(Recorded(()), cap_ms=1)
    with pytest.raises(ValueError, match="no quantile"):
        quantile([], 0.5)
