"""Percentiles, shares, medians and ratios of a run."""

from array import array

from bench.crowd import Span, Tally, percentile
from bench.report import TARGETS, medians
from bench.suites import Cell, figures

SPAN = Span(0.0, 1.0, 3.0)


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.99) == 7.0
    assert percentile([], 0.5) == 0.0


def test_only_what_ends_in_the_counted_part_is_kept() -> None:
    tally = Tally()
    for started, ended in ((0.5, 0.9), (0.9, 1.1), (2.0, 2.5), (2.9, 3.0)):
        tally.note("next", SPAN, started, ended)
    assert [round(ms) for ms in tally.took["next"]] == [200, 500]


def test_the_slowest_share_is_of_what_the_median_reviewer_did() -> None:
    tallies = [Tally({"decide": array("d", [1.0] * n)}, {"decide": array("d", [1.0] * n)}) for n in (5, 10, 20)]
    found = figures(tallies, SPAN)
    assert found["decide_slowest_share"] == 0.5
    assert found["decide_per_second"] == 35 / 2


def test_a_target_is_read_from_the_medians_of_its_rounds() -> None:
    rounds = [Cell("claim", 1_000_000, 8, {"claim_p99": ms}) for ms in (3.0, 90.0, 4.0)]
    found = medians([*rounds, Cell("claim", 1_000, 8, {"claim_p99": 2.0})])
    assert TARGETS[0].read(found) == 2.0
    assert [TARGETS[0].verdict(value) for value in (1.5, 2.0, 2.6)] == ["goal", "gate", "missed"]
    assert TARGETS[1].read(found) is None
