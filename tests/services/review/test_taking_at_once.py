"""The next item in two statements leaves exactly what claiming leaves step by step."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import GroupTerms, create_group, create_workspace, disable_person
from app.kernel.clock import read_now
from app.kernel.jobs import take_jobs
from app.queue.models import Claim
from app.review.queries import open_claim
from app.review.service import reserve_ahead
from app.review.service.claiming import take_step_by_step
from app.review.service.taking_at_once import take_at_once
from tests.conftest import NOW
from tests.factories.counting import QueryCounter
from tests.factories.people import add_person
from tests.factories.reviewing import hand_in, take
from tests.factories.twins import everything, stop_the_clock
from tests.factories.work import add_item, add_task_type

Way = Callable[..., Any]


def at_once(session: Session, workspace: UUID, person: UUID, queue: str | None = None) -> Claim | None:
    return take_at_once(
        session,
        actor=Actor("person", person),
        workspace_id=workspace,
        person_id=person,
        channel="api",
        queue=queue,
    )


def step_by_step(session: Session, workspace: UUID, person: UUID, queue: str | None = None) -> Claim | None:
    taken = take_step_by_step(
        session,
        actor=Actor("person", person),
        workspace_id=workspace,
        person_id=person,
        channel="api",
        queue=queue,
    )
    assert isinstance(taken, tuple)
    return taken[0]


def one_claim(session: Session, name: str, way: Way, case: dict[str, Any]) -> tuple[Any, ...]:
    """Take the next item in a workspace of its own, and return all rows, all jobs and what is shown."""
    workspace = create_workspace(session, now=read_now(session), name=name, actor=COMMAND).id
    add_task_type(session, workspace)
    add_task_type(session, workspace, name="letter", queue="letters")
    ada = add_person(session, workspace, "ada" + name.lower(), skills=["law"], queues=case.get("queues", ()))
    if "group" in case:
        terms = GroupTerms(name="them", members=(ada,), **case["group"])
        create_group(session, now=read_now(session), actor=COMMAND, workspace_id=workspace, terms=terms)
    first, second = add_item(session, workspace), add_item(session, workspace, task_type="letter")
    if case.get("given"):
        second.assigned_to = ada
        second.assigned_by = ada
    if case.get("skilled"):
        first.skills = ["maps"]
        second.skills = ["law"]
    session.flush()
    if case.get("ready"):
        reserve_ahead(session, actor=Actor("person", ada), workspace_id=workspace, person_id=ada, queue="letters")
    take_jobs(session)
    claim = way(session, workspace, ada, case.get("queue"))
    names = {
        workspace: "workspace",
        ada: "ada",
        first.id: "first",
        first.submission_id: "first submission",
        second.id: "second",
        second.submission_id: "second submission",
        claim.id: "claim",
    }
    rows = everything(session, workspace, since=claim.claimed_at, names=names)
    kept = {c.key: getattr(claim, c.key) for c in Claim.__table__.columns}
    session.refresh(claim)
    assert kept == {c.key: getattr(claim, c.key) for c in Claim.__table__.columns}
    opened = open_claim(session, claim=claim)
    return rows, take_jobs(session), names[claim.item_id], opened.received.output, opened.item.state


@pytest.mark.parametrize(
    ("case", "which"),
    [
        ({}, "first"),
        ({"queue": "letters"}, "second"),
        ({"queues": ["letters"]}, "second"),
        ({"given": True}, "second"),
        ({"skilled": True}, "second"),
        ({"ready": True}, "second"),
        ({"group": {"queues": ("letters",), "skills": ()}}, "second"),
        ({"group": {"queues": (), "skills": ("maps", "tea")}, "skilled": True}, "first"),
    ],
    ids=[
        "plain",
        "one queue",
        "her queues",
        "by name",
        "skills",
        "kept ready",
        "queues of a group",
        "skills of a group",
    ],
)
def test_both_ways_leave_the_same(session: Session, case: dict[str, Any], which: str) -> None:
    stop_the_clock(session, NOW)
    quick, slow = (one_claim(session, n, way, case) for n, way in (("A", at_once), ("B", step_by_step)))
    for table in quick[0].keys() | slow[0].keys():
        assert [_alike(row) for row in quick[0].get(table, [])] == [_alike(row) for row in slow[0].get(table, [])]
    assert quick[1:] == slow[1:]
    assert quick[2] == which


def _alike(row: str) -> str:
    return row.replace("'B'", "'A'").replace("adab", "adaa")


def test_the_next_item_and_what_it_shows_take_three_statements(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    with QueryCounter(session) as queries:
        claim = at_once(session, workspace, ada)
        assert claim is not None
        open_claim(session, claim=claim)
    assert queries.count == 3, queries.statements


def test_what_was_kept_ready_is_had_without_looking_along_the_line(
    session: Session, workspace: UUID, ada: UUID
) -> None:
    add_item(session, workspace)
    reserve_ahead(session, actor=Actor("person", ada), workspace_id=workspace, person_id=ada)
    with QueryCounter(session) as queries:
        assert at_once(session, workspace, ada) is not None
    assert queries.count <= 11, queries.statements


def test_whoever_has_a_claim_gets_no_second_one(session: Session, workspace: UUID, ada: UUID) -> None:
    add_item(session, workspace)
    add_item(session, workspace)
    held = take(session, workspace, ada)
    assert at_once(session, workspace, ada) is None
    hand_in(session, held)
    assert at_once(session, workspace, ada) is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE memberships SET capacity = 1",
        "UPDATE queues SET paused_at = clock_timestamp()",
        "INSERT INTO presences (workspace_id, person_id, paused_at) SELECT :workspace, :ada, clock_timestamp()",
        "UPDATE items SET state = 'reserved', held_by = :ada, reserved_until = clock_timestamp()",
        "UPDATE memberships SET queues = '{letters}'",
        "UPDATE items SET for_lead = true",
        "UPDATE items SET barred = ARRAY[CAST(:ada AS uuid)]",
        "UPDATE items SET skipped_by = ARRAY[CAST(:ada AS uuid)]",
    ],
)
def test_what_is_not_common_is_left_to_the_steps(session: Session, workspace: UUID, ada: UUID, statement: str) -> None:
    add_item(session, workspace)
    values = {name: value for name, value in {"workspace": workspace, "ada": ada}.items() if f":{name}" in statement}
    session.execute(text(statement), values)
    assert at_once(session, workspace, ada) is None


def test_somebody_disabled_while_she_waited_for_her_lock_gets_nothing(
    session: Session, workspace: UUID, ada: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_item(session, workspace)

    def disabled_meanwhile(_who: Any, _queue: Any) -> bool:
        disable_person(session, now=read_now(session), actor=COMMAND, person_id=ada)
        return True

    monkeypatch.setattr("app.review.service.taking_at_once._is_common", disabled_meanwhile)
    assert at_once(session, workspace, ada) is None


def test_the_plan_that_is_kept_is_kept_for_one_statement_only(session: Session, workspace: UUID, ada: UUID) -> None:
    show = text("SELECT current_setting('plan_cache_mode') || current_setting('enable_seqscan')")
    for waiting in (1, 0):
        assert session.scalar(show) == "autoon"
        if waiting:
            add_item(session, workspace)
        assert (at_once(session, workspace, ada) is not None) == bool(waiting)
    assert session.scalar(show) == "autoon"
