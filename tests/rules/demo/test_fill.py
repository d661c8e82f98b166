"""Filling a workspace: everything once, however often and however bad the connection."""

import pytest

from demo.client import Refused
from demo.fill import fill
from demo.sets import TASK_TYPES, mixed_rows
from tests.rules.demo.fake_service import FakeService


def test_a_fill_defines_publishes_rates_and_submits(service: FakeService) -> None:
    steps: list[tuple[int, int, str]] = []
    summary = fill(
        service.url,
        "admin-key",
        "submit-key",
        people=["p_1", "p_2"],
        limit=40,
        report=lambda done, total, text: steps.append((done, total, text)),
    )
    assert (summary.task_types, summary.policies, summary.rate_cards) == (4, 4, 2)
    assert (summary.submitted, summary.already_there) == (40, 0)
    assert sum(summary.by_status.values()) == 40
    assert sorted(row["name"] for row in service.task_types) == sorted(TASK_TYPES)
    assert all(row["guidelines"] for row in service.task_types)
    assert all(policy["published_at"] for policy in service.policies)
    assert {card["person"]: card["base"] for card in service.rate_cards} == {"p_1": "28.00", "p_2": "34.50"}
    assert [(done, total) for done, total, _ in steps] == [(n, 40) for n in range(1, 41)]


def test_what_arrives_is_the_shipped_row(service: FakeService) -> None:
    fill(service.url, "admin-key", "submit-key", limit=12)
    arrived = {kept["body"]["external_id"]: kept["body"] for kept in service.submissions.values()}
    expected = {row.submission["external_id"]: row.submission for row, _ in zip(mixed_rows(), range(12), strict=False)}
    assert arrived == expected


def test_a_second_fill_adds_only_what_is_missing(service: FakeService) -> None:
    fill(service.url, "admin-key", "submit-key", people=["p_1"], limit=10)
    service.answers.clear()  # the keys of the first time have been forgotten since
    service.page = 2
    summary = fill(service.url, "admin-key", "submit-key", people=["p_1", "p_2"], limit=14)
    assert (summary.task_types, summary.policies, summary.rate_cards) == (0, 0, 1)
    assert (summary.submitted, summary.already_there) == (4, 10)
    assert len(service.submissions) == 14
    assert len(service.policies) == service.definitions == 4


def test_a_policy_that_was_left_a_draft_is_published(service: FakeService) -> None:
    fill(service.url, "admin-key", "submit-key", limit=0)
    service.answers.clear()
    service.policies[1]["published_at"] = None
    assert fill(service.url, "admin-key", "submit-key", limit=0).policies == 1
    assert len(service.policies) == 4


def test_a_publication_whose_answer_was_lost_is_not_a_failure(service: FakeService) -> None:
    service.lose_answers, service.lose_only = 1, "/publish"
    assert fill(service.url, "admin-key", "submit-key", limit=0).policies == 4
    assert all(policy["published_at"] for policy in service.policies)


def test_lost_answers_double_nothing(service: FakeService) -> None:
    service.lose_answers, service.lose_only = 2, "/submissions"
    assert fill(service.url, "admin-key", "submit-key", limit=8).submitted == 8
    assert len(service.submissions) == 8


def test_a_key_without_the_scope_fails_with_the_services_words(service: FakeService) -> None:
    with pytest.raises(Refused, match=r"403 Needs scope admin"):
        fill(service.url, "submit-key", "submit-key", limit=1)
