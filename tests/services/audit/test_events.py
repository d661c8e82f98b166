"""The trail: one event for each step, by whoever made it, in its own transaction, and never changed."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.audit.queries import EventRow, list_events
from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_id, show
from app.kernel.strict_json import encode
from app.review.service import expire_claims
from tests.factories.people import add_person
from tests.factories.reviewing import correct, hand_in, put_back, run_out, take
from tests.factories.work import add_item, add_task_type


def steps(session: Session, workspace: UUID) -> list[EventRow]:
    """Return the events of items, in order."""
    return [e for e in list_events(session, workspace_id=workspace, after=0, limit=1_000) if e.subject_kind == "item"]


def test_an_items_life_is_one_event_a_step(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=2)
    ada, bob = add_person(session, workspace, "ada"), add_person(session, workspace, "bob")
    add_item(session, workspace)
    put_back(session, take(session, workspace, ada), "skip")
    put_back(session, take(session, workspace, ada))
    run_out(session, take(session, workspace, ada))
    expire_claims(session=session, limit=10)
    hand_in(session, take(session, workspace, ada))
    hand_in(session, take(session, workspace, bob))
    trail = steps(session, workspace)
    assert [e.type for e in trail] == [
        "item.enqueued",
        "item.claim",
        "item.skip",
        "item.claim",
        "item.release",
        "item.claim",
        "item.expire_claim",
        "item.claim",
        "item.vote",
        "item.claim",
        "item.decide",
    ]
    assert [e.details.get("version") for e in trail] == [None, *range(1, 11)]
    assert [e.from_state for e in trail[1:]] == [e.to_state for e in trail[:-1]]
    assert [e.actor_kind for e in trail] == ["command", *["person"] * 5, "system", *["person"] * 4]
    assert [e.actor_id for e in trail[-4:]] == [ada, ada, bob, bob]


def test_a_decision_in_the_trail_says_its_outcome_and_no_word_of_its_text(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    add_item(session, workspace)
    claim = take(session, workspace, add_person(session, workspace))
    hand_in(session, claim, correct("Basel", note="private", message="private"))
    event = steps(session, workspace)[-1]
    assert event.details == {
        "version": 2,
        "claim": show("claim", claim.id),
        "token": 1,
        "verb": "correct",
        "vote_needed": 0,
        "status": "corrected",
    }
    whole = encode([e.details for e in list_events(session, workspace_id=workspace, after=0, limit=1_000)])
    assert not any(word in whole for word in (b"Basel", b"Bern", b"private"))


def test_pages_of_the_trail_are_in_order_and_of_one_workspace(session: Session, workspace: UUID) -> None:
    other = create_workspace(session, now=read_now(session), name="Other").id
    for n in range(5):
        record(
            session,
            now=read_now(session),
            actor=SYSTEM,
            workspace_id=(workspace, other)[n % 2],
            type=f"test.{n}",
            subject_kind="item",
            subject_id=new_id(),
        )
    first = list_events(session, workspace_id=workspace, after=0, limit=2)
    rest = list_events(session, workspace_id=workspace, after=first[-1].number, limit=100)
    assert [e.type for e in first + rest] == ["workspace.created", "test.0", "test.2", "test.4"]


@pytest.mark.parametrize(
    "statement", ["UPDATE events SET type = 'x'", "DELETE FROM events", "TRUNCATE events", "DELETE FROM task_types"]
)
@pytest.mark.usefixtures("workspace")
def test_what_is_written_stays(session: Session, workspace: UUID, statement: str) -> None:
    add_task_type(session, workspace)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(statement))


def test_an_event_without_its_change_does_not_stay(database: Database) -> None:
    class Failed(Exception):
        pass

    with database.unit_of_work() as session:
        workspace_id = create_workspace(session, now=read_now(session), name="Acme").id

    def fail() -> None:
        with database.unit_of_work() as session:
            record(
                session,
                now=read_now(session),
                actor=Actor("key", new_id()),
                workspace_id=workspace_id,
                type="test.failed",
                subject_kind="item",
                subject_id=new_id(),
            )
            raise Failed

    with pytest.raises(Failed):
        fail()
    with database.unit_of_work() as session:
        assert [e.type for e in list_events(session, workspace_id=workspace_id, after=0, limit=9)] == [
            "workspace.created"
        ]


def test_the_transaction_and_cluster_of_an_event_are_written_down(session: Session, workspace: UUID) -> None:
    row = session.execute(
        text("SELECT xact_id = pg_current_xact_id()::text::bigint, cluster = proofdesk_cluster() FROM events")
    ).first()
    assert row is not None
    assert tuple(row) == (True, True)
