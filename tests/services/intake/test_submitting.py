"""A submission comes in: where it goes, what is kept of it, and the item that waits for a person."""

from datetime import timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.queries import list_events
from app.identity.service import create_workspace
from app.intake.queries import UnknownName
from app.intake.service import Accepted
from app.kernel.clock import read_now
from app.kernel.ids import show
from app.kernel.sealing import vault_of
from app.kernel.strict_json import encode
from app.queue.models import Item, Queue
from app.submissions.models import Content, Submission
from app.submissions.queries import read_content
from tests.factories.work import add_endpoint, add_policy, add_task_type, item_of, send


@pytest.fixture(autouse=True)
def address(session: Session, workspace: UUID) -> None:
    """The task type `address`."""
    add_task_type(session, workspace)


def stored(session: Session, accepted: Accepted) -> Submission:
    return session.get_one(Submission, accepted.submission_id, populate_existing=True)


def items(session: Session) -> list[Item]:
    return list(session.scalars(select(Item)))


def kinds(accepted: Accepted) -> list[str]:
    return [fired.kind for fired in accepted.route.fired]


def test_without_a_policy_everything_waits(session: Session, workspace: UUID) -> None:
    accepted = send(session, workspace, confidence=1.0)
    assert (accepted.status, kinds(accepted), accepted.policy_version) == ("waiting", ["no_policy"], None)
    kept = stored(session, accepted)
    assert (kept.status, kept.final_at, kept.inclusion_probability) == ("waiting", None, Decimal(1))


def test_at_the_threshold_it_passes_and_nobody_has_to_look(session: Session, workspace: UUID) -> None:
    policy = add_policy(session, workspace, threshold=0.85)
    accepted = send(session, workspace, confidence=0.85)
    kept = stored(session, accepted)
    assert (accepted.status, kept.status, kept.route_outcome) == ("passed", "passed", "pass")
    assert (kept.policy_id, kept.policy_version, kept.final_at) == (policy.id, 1, kept.created_at)
    assert items(session) == []


@pytest.mark.parametrize("confidence", [0.8499, None])
def test_below_the_threshold_or_without_a_confidence_it_waits(
    session: Session, workspace: UUID, confidence: float | None
) -> None:
    add_policy(session, workspace, threshold=0.85, audit_rate=0.05)
    accepted = send(session, workspace, confidence=confidence)
    assert (accepted.status, kinds(accepted)) == ("waiting", ["threshold"])
    assert stored(session, accepted).inclusion_probability == 1
    assert item_of(session, accepted.submission_id).state == "waiting"


def test_a_blocked_one_is_final_and_had_no_chance_of_review(session: Session, workspace: UUID) -> None:
    rules = [{"name": "no bern", "when": "output.city == 'Bern'", "outcome": "block"}]
    add_policy(session, workspace, threshold=0.9, audit_rate=0.5, rules=rules)
    accepted = send(session, workspace)
    kept = stored(session, accepted)
    assert (kept.status, kept.inclusion_probability, kept.final_at) == ("blocked", Decimal(0), kept.created_at)
    assert items(session) == []


def test_the_audit_rate_is_kept_with_what_passed_and_with_what_was_drawn(session: Session, workspace: UUID) -> None:
    add_policy(session, workspace, threshold=0.5, audit_rate=0.3)
    routes = {send(session, workspace, confidence=0.9).status for _ in range(60)}
    # All sixty on one side of 0.3 is less likely than one in a billion.
    assert routes == {"passed", "waiting"}
    assert set(session.scalars(select(Submission.inclusion_probability))) == {Decimal("0.3")}


def test_an_output_that_breaks_its_schema_waits_however_sure_the_model_is(session: Session, workspace: UUID) -> None:
    add_policy(session, workspace, threshold=0.5)
    accepted = send(session, workspace, output={"town": "Bern"}, confidence=1.0)
    assert (accepted.status, kinds(accepted)[0]) == ("waiting", "schema")


def test_the_rules_say_who_looks_when(session: Session, workspace: UUID) -> None:
    terms = {"queue": "finance", "priority": 80, "approvals_required": 2, "skills": ["refunds"], "deadline": "PT1H"}
    rules = [{"name": "bern", "when": "output.city == 'Bern'", "outcome": "review", **terms}]
    add_policy(session, workspace, rules=rules)
    accepted = send(session, workspace)
    item = item_of(session, accepted.submission_id)
    assert (item.priority, item.approvals_required, item.skills) == (80, 2, ["refunds"])
    assert item.due_at == stored(session, accepted).created_at + timedelta(hours=1)
    assert session.get_one(Queue, item.queue_id).name == "finance"


def test_where_the_rules_say_nothing_the_task_type_does(session: Session, workspace: UUID) -> None:
    add_task_type(
        session, workspace, sla_ms=7_200_000, queue="slow", approvals_required=3, claim_ms=60_000, cap_ms=45_000
    )
    accepted = send(session, workspace)
    item = item_of(session, accepted.submission_id)
    assert (item.priority, item.approvals_required, item.skills) == (50, 3, [])
    assert (item.claim_ms, item.cap_ms, item.token, item.version) == (60_000, 45_000, 0, 0)
    assert item.due_at == stored(session, accepted).created_at + timedelta(hours=2)
    assert session.get_one(Queue, item.queue_id).name == "slow"


def test_two_items_of_one_queue_share_it(session: Session, workspace: UUID) -> None:
    first, second = (item_of(session, send(session, workspace).submission_id) for _ in range(2))
    assert first.queue_id == second.queue_id


def test_an_item_keeps_the_version_of_its_task_type(session: Session, workspace: UUID) -> None:
    accepted = send(session, workspace)
    newer = add_task_type(session, workspace, claim_ms=60_000)
    assert newer.version == 2
    assert stored(session, accepted).task_type_id != newer.id
    assert item_of(session, accepted.submission_id).claim_ms == 900_000


def test_the_exact_bytes_are_kept_sealed(session: Session, workspace: UUID) -> None:
    accepted = send(session, workspace, external_id="a-1", metadata={"order": "7"})
    content = session.scalars(select(Content)).one()
    plain = vault_of(session).unwrap(content.data_key).open(content.body, purpose="submission")
    assert sha256(plain).digest() == accepted.sha256 == stored(session, accepted).content_sha256
    assert b"Bern" in plain
    assert b"Bern" not in content.body
    received, _ = read_content(session, submission_id=accepted.submission_id)
    assert (received.output, received.metadata) == ({"city": "Bern"}, {"order": "7"})


def test_what_reports_group_by_lies_in_columns(session: Session, workspace: UUID) -> None:
    kept = stored(session, send(session, workspace, external_id="a-1", confidence=0.1))
    assert (kept.model_provider, kept.model_name, kept.model_version) == ("acme", "small", "1")
    assert (kept.prompt_id, kept.prompt_version, kept.external_id) == ("address", "7", "a-1")
    assert kept.confidence == Decimal("0.1")


def test_its_way_in_is_in_the_trail_without_a_word_of_its_content(session: Session, workspace: UUID) -> None:
    accepted = send(session, workspace)
    events = list_events(session, workspace_id=workspace, after=0, limit=100)[-2:]
    assert [e.type for e in events] == ["submission.received", "item.enqueued"]
    assert events[0].details["content_sha256"] == accepted.sha256.hex()
    assert b"Bern" not in encode([e.details for e in events])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"task_type": "nothing"}, "/task_type"),
        ({"endpoint": "ep_1"}, "/endpoint"),
        ({"endpoint": show("endpoint", UUID(int=7))}, "/endpoint"),
    ],
)
def test_a_name_that_the_workspace_does_not_have_is_refused(
    session: Session, workspace: UUID, body: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(UnknownName) as refused:
        send(session, workspace, **body)
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_another_workspaces_endpoint_and_task_type_do_not_exist_here(session: Session, workspace: UUID) -> None:
    other = create_workspace(session, now=read_now(session), name="Other").id
    with pytest.raises(UnknownName):
        send(session, workspace, endpoint=add_endpoint(session, other))
    with pytest.raises(UnknownName):
        send(session, other)
