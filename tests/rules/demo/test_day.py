"""A day of review: decisions follow the verdicts, and what is not the demonstration's is left alone."""

import json
from collections import Counter
from itertools import islice

import pytest

from demo import day as day_module
from demo.client import Refused
from demo.day import run_day
from demo.decisions import decision_body
from demo.sets import TASK_TYPES, mixed_rows, setup_of, verdict_on
from tests.rules.demo.fake_service import FakeService

ADA, BEN = ("Ada", "ada-key"), ("Ben", "ben-key")
FAST = 0.0005


@pytest.fixture
def filled(service: FakeService) -> FakeService:
    """A service in which some thirty real items wait."""
    service.task_types = [dict(setup_of(name).task_type) for name in TASK_TYPES]
    service.policies = [{**setup_of(name).policy, "published_at": "2026-03-02T09:00:00Z"} for name in TASK_TYPES]
    for row in islice(mixed_rows(), 40):
        service.submit({"body": row.submission, "bytes": json.dumps(row.submission).encode()})
    return service


def test_a_decision_is_bound_to_what_was_shown() -> None:
    claimed = {"claim": {"id": "c", "token": 7}, "item": {"content_sha256": "ab"}}
    verdict = {"verb": "correct", "output": "x", "reason_codes": ["wording"]}
    assert decision_body(claimed, verdict) == {
        "token": 7,
        "content_sha256": "ab",
        "verb": "correct",
        "output": "x",
        "reason_codes": ["wording"],
    }
    votes = [{"call_id": "c1", "verb": "approve"}]
    body = decision_body(claimed, {"verb": "approve", "actions": votes})
    assert body == {"token": 7, "content_sha256": "ab", "actions": votes}


def test_as_many_decisions_are_made_as_were_asked_for(filled: FakeService) -> None:
    steps: list[int] = []
    summary = run_day(
        filled.url,
        reviewers=[ADA, BEN],
        decisions=6,
        scale=2,
        seed=3,
        pause_seconds=FAST,
        report=lambda done, _total, _text: steps.append(done),
    )
    assert summary.decisions == len(filled.decisions) == 12
    assert steps == list(range(1, 13))
    assert sum(summary.by_reviewer.values()) == sum(summary.by_verb.values()) == 12
    assert summary.lost == summary.strangers == 0


def test_a_short_day_sees_every_kind_of_work(filled: FakeService) -> None:
    run_day(filled.url, reviewers=[ADA], decisions=6, seed=2, pause_seconds=FAST)
    assert {filled.submissions[i]["body"]["task_type"] for i in filled.decisions} == set(TASK_TYPES)


def test_every_decision_is_the_sets_verdict(filled: FakeService) -> None:
    summary = run_day(filled.url, reviewers=[ADA, BEN], decisions=1000, seed=4, pause_seconds=FAST)
    assert not filled.waiting
    verbs: Counter[str] = Counter()
    for submission_id, body in filled.decisions.items():
        verdict = verdict_on(filled.submissions[submission_id]["body"]["external_id"])
        assert verdict is not None
        assert {key: body[key] for key in ("output", "actions", "reason_codes") if key in body} == {
            key: value for key, value in verdict.items() if key != "verb"
        }
        verbs[verdict["verb"]] += 1
    assert summary.by_verb == verbs
    assert set(verbs) == {"approve", "correct", "reject"}


def test_beats_are_sent_while_an_item_is_read(filled: FakeService) -> None:
    run_day(filled.url, reviewers=[ADA], decisions=12, seed=5, pause_seconds=FAST)
    assert len(filled.beats) >= 2 * 12
    assert {beat["state"] for beat in filled.beats} == {"active", "idle"}


def test_now_and_then_an_item_is_skipped_or_released_and_decided_later(
    filled: FakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(day_module, "SKIP_SHARE", 0.3)
    monkeypatch.setattr(day_module, "RELEASE_SHARE", 0.3)
    waiting = len(filled.waiting)
    summary = run_day(filled.url, reviewers=[ADA, BEN], decisions=1000, seed=6, pause_seconds=FAST)
    assert Counter(filled.put_back) == {"skip": summary.skipped, "release": summary.released}
    assert min(summary.skipped, summary.released) > 0
    assert summary.decisions == waiting


def test_an_item_of_somebody_else_is_passed_over(filled: FakeService) -> None:
    strange = filled.waiting[-1]
    filled.submissions[strange]["body"]["external_id"] = "order-4711"
    summary = run_day(filled.url, reviewers=[ADA, BEN], decisions=1000, seed=7, pause_seconds=FAST)
    assert list(filled.waiting) == [strange]
    assert strange not in filled.decisions
    assert summary.strangers > 0


def test_the_submission_is_asked_when_the_claim_does_not_tell_the_external_id(filled: FakeService) -> None:
    filled.claim_tells_external_id = False
    assert run_day(filled.url, reviewers=[ADA], decisions=3, seed=8, pause_seconds=FAST).decisions == 3


def test_a_lost_race_is_counted_and_the_day_goes_on(filled: FakeService) -> None:
    filled.lose_races = 2
    summary = run_day(filled.url, reviewers=[ADA], decisions=5, seed=9, pause_seconds=FAST)
    assert (summary.decisions, summary.lost) == (5, 2)


def test_lost_answers_do_not_decide_twice(filled: FakeService) -> None:
    filled.lose_answers = 2
    summary = run_day(filled.url, reviewers=[ADA], decisions=4, seed=10, pause_seconds=FAST)
    assert summary.decisions == len(filled.decisions) == 4


def test_a_refusal_of_one_reviewer_ends_the_day_for_all(filled: FakeService) -> None:
    with pytest.raises(Refused, match="403 Needs scope review"):
        run_day(filled.url, reviewers=[("Eve", "submit-key"), ADA], decisions=1000, seed=11, pause_seconds=FAST)
    assert filled.waiting
