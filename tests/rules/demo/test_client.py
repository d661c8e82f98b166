"""The client: a refusal keeps its words, a lost connection is tried again under the same key, busy is waited for."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.client import Client, Refused, Unreachable
from tests.rules.demo.fake_service import FakeService

RATE = {"person": "p_1", "currency": "EUR", "unit": "hour", "base": "30.00", "burden": "1", "overhead": "0"}


@pytest.fixture
def admin(service: FakeService) -> Iterator[Client]:
    """A client that does not linger."""
    with Client(service.url, "admin-key", tries=3, pause_seconds=0.001) as client:
        yield client


def test_a_refusal_says_status_reason_and_place(admin: Client) -> None:
    with pytest.raises(Refused, match=r"POST /rate-cards: 422 Unknown key colour\. \(/colour: Unknown key") as caught:
        admin.post("/rate-cards", {"colour": "red"})
    assert caught.value.status == 422
    assert caught.value.problem["errors"][0]["pointer"] == "/colour"


def test_a_lost_answer_is_asked_for_again_under_the_same_key_and_not_done_twice(service: FakeService) -> None:
    service.policies = [{"task_type": "t", "published_at": "2026-03-02T09:00:00Z"}]
    service.lose_answers = 2
    with Client(service.url, "submit-key", tries=3, pause_seconds=0.001) as program:
        answer = program.post("/submissions", {"task_type": "t", "output": "x"}, idempotency_key="once")
    assert (answer.status, answer.replayed) == (201, True)
    assert len(service.submissions) == 1


def test_after_the_last_try_the_address_is_named(admin: Client, service: FakeService) -> None:
    service.lose_answers = 3
    with pytest.raises(Unreachable, match=r"POST /rate-cards: no answer from http://127\.0\.0\.1:\d+/api/v1"):
        admin.post("/rate-cards", RATE)


def test_a_busy_service_is_waited_for_but_not_for_ever(admin: Client, service: FakeService) -> None:
    service.busy_answers = 2
    assert list(admin.pages("/rate-cards")) == []
    service.busy_answers = 3
    with pytest.raises(Refused, match="429 Too many requests"):
        admin.get("/rate-cards")


def test_all_pages_are_read(service: FakeService) -> None:
    service.page = 2
    for n in range(5):
        service.submissions[f"sub{n}"] = {"body": {"task_type": "t", "external_id": str(n)}, "status": "waiting"}
    with Client(service.url, "submit-key") as client:
        rows = list(client.pages("/submissions", {"task_type": "t"}))
    assert [row["external_id"] for row in rows] == ["0", "1", "2", "3", "4"]


def test_the_demonstration_uses_only_its_own_code_the_standard_library_urllib3_and_rich(repository: Path) -> None:
    allowed = {"demo", "urllib3", "rich", *sys.stdlib_module_names}
    for path in sorted((repository / "demo").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= allowed, path
