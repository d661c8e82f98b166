"""`proofdesk measure` on the times of real people, against figures that were computed apart from this project."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli import main

DATA = Path(__file__).parents[1] / "data"


def run(file: Path, *asked: str) -> Result:
    return CliRunner().invoke(main, ["measure", str(file), *asked])


def said(file: Path, *asked: str) -> str:
    answer = run(file, *asked)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_looks_at_suggestions_come_to_the_published_figures() -> None:
    told = said(DATA / "copilot_reviews.csv", "--lasted", "review_s", "--cap", "60", "--cap", "300").splitlines()
    assert told == [
        "all: 688 sessions, open for 1.6865 h; p25 1.321 s  median 3.139 s  p75 7.927 s  p90 20.829 s  p95 37.294 s"
        "  longest 168.912 s",
        "  a pause counts up to 60 s: 1.5097 h active, 0.1768 h not",
        "  a pause counts up to 300 s: 1.6865 h active, 0.0000 h not",
    ]
    apart = said(DATA / "copilot_reviews.csv", "--lasted", "review_s", "--by", "human_label", "--cap", "60")
    assert "accepted: 222 sessions, open for 0.3453 h" in apart
    assert "rejected: 466 sessions, open for 1.3413 h" in apart
    assert ["0.3145 h active" in apart, "1.1952 h active" in apart] == [True, True]


@pytest.mark.parametrize(
    ("group", "count", "median", "p95"),
    [
        ("calibrated", 1441, "2.351", "13.663"),
        ("confidently_wrong", 1020, "3.750", "14.952"),
        ("confidently_wrong_9", 1020, "2.685", "10.899"),
    ],
)
def test_crowd_decisions_come_to_the_published_figures(group: str, count: int, median: str, p95: str) -> None:
    told = said(DATA / "trust_decisions.csv", "--lasted", "decide_ms", "--unit", "ms", "--by", "regime")
    (line,) = [line for line in told.splitlines() if line.startswith(f"{group}:")]
    assert f"{count} sessions" in line
    assert f"median {median} s" in line
    assert f"p95 {p95} s" in line


def test_pauses_between_events_count_up_to_the_cap() -> None:
    told = said(DATA / "copilot_events.csv", "--session", "reviewer", "--at", "t_s", "--cap", "30", "--cap", "86400")
    # Summed by hand from the file: the gaps between each person's events, each up to 30 s, and whole.
    assert told.splitlines()[1:] == [
        f"  a pause counts up to 30 s: {_by_hand(30):.4f} h active, {_by_hand(86_400) - _by_hand(30):.4f} h not",
        f"  a pause counts up to 86400 s: {_by_hand(86_400):.4f} h active, 0.0000 h not",
    ]


def _by_hand(cap: int) -> float:
    at: dict[str, list[float]] = {}
    for line in (DATA / "copilot_events.csv").read_text().splitlines()[1:]:
        reviewer, seconds = line.split(",")
        at.setdefault(reviewer, []).append(float(seconds))
    gaps = [b - a for events in at.values() for a, b in zip(sorted(events), sorted(events)[1:], strict=False)]
    return sum(min(gap, cap) for gap in gaps) / 3_600


def test_an_item_that_stayed_open_overnight_is_not_paid_for_the_night(tmp_path: Path) -> None:
    file = tmp_path / "open.jsonl"
    file.write_text('{"edit_s": 48683}\n{"edit_s": 41.5}\n')
    told = said(file, "--lasted", "edit_s")
    assert "longest 48683.000 s" in told
    assert "a pause counts up to 90 s: 0.0365 h active, 13.4981 h not" in told


@pytest.mark.parametrize(
    ("text", "asked", "why"),
    [
        ("", ["--lasted", "s"], "no rows"),
        ("s\n", ["--lasted", "s"], "no rows"),
        ("s\n4\n", [], "Give --at or --lasted"),
        ("s\n4\n", ["--lasted", "s", "--at", "s"], "Give --at or --lasted"),
        ("s\n4\n", ["--lasted", "t"], "Row 1 has no t"),
        ("s\n4\n", ["--at", "s"], "Row 1 has no session"),
        ("s\nmuch\n", ["--lasted", "s"], "s is no number: much"),
        ("s\nNaN\n", ["--lasted", "s"], "out of range: NaN"),
        ("s\n-1\n", ["--lasted", "s"], "out of range: -1"),
        ("s\n1e30\n", ["--lasted", "s"], "out of range: 1e30"),
        ("s\n4\n", ["--lasted", "s", "--cap", "0"], "0 is not in the range"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(tmp_path: Path, text: str, asked: list[str], why: str) -> None:
    file = tmp_path / "times.csv"
    file.write_text(text)
    answer = run(file, *asked)
    assert answer.exit_code != 0
    assert why in answer.output


@pytest.mark.parametrize("text", ["[1]\n", "{\n", b"\xff\xfe"])
def test_a_file_that_holds_no_rows_is_refused_in_words(tmp_path: Path, text: str | bytes) -> None:
    file = tmp_path / "times.jsonl"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    answer = run(file, "--lasted", "s")
    assert answer.exit_code == 1
    assert "Error: " in answer.output
