"""One statement and one copy a table leave the same rows, and a batch the same as its elements one by one."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.intake import statements
from app.intake.service import Accepted, Sender, submit, submit_each
from app.intake.service import submitting as service
from app.kernel.bulk import run_written
from app.kernel.clock import read_now
from app.kernel.errors import ServiceError
from app.kernel.ids import new_id, show
from app.kernel.strict_json import encode
from app.queue.models import Item
from app.queue.service import find_or_add_queue
from app.submissions.queries import read_content
from tests.factories.people import add_person
from tests.factories.work import add_endpoint, add_policy, add_task_type

RULES = [
    {"name": "block", "when": "external_id == 'block'", "outcome": "block"},
    {
        "name": "skilled",
        "when": "external_id == 'skills'",
        "outcome": "review",
        "skills": ['a"b', "c\\d", "e,f", "{g}"],
    },
]


def bodies(session: Session, workspace: UUID) -> list[dict[str, Any]]:
    """Return bodies that between them fill every column."""
    ada = show("person", add_person(session, workspace))
    usual = {"task_type": "address", "output": {"city": "Bern"}, "confidence": 0.5}
    return [
        usual,
        {**usual, "confidence": 0.97},
        {**usual, "confidence": None, "output": {"city": "Ü\t\\N\n'\""}, "external_id": "a\tb\\N\r\n"},
        {**usual, "external_id": "\\N"},
        {**usual, "output": {"town": 1}, "field_confidence": {"/city": 0.25}},
        {**usual, "model": {"provider": "acme", "name": "big", "version": "1"}, "prompt": {"id": "p", "version": "2"}},
        {**usual, "endpoint": show("endpoint", add_endpoint(session, workspace).id), "priority": 90},
        {**usual, "candidates": {"users": [ada]}, "excluded": [ada], "requested_by": {"on_behalf_of": ada}},
        {**usual, "candidates": {"users": ["user:42"]}, "deadline": "2040-01-01T00:00:00Z", "on_timeout": "reject"},
        {**usual, "escalation": [{"after": "PT1H", "to": {"leads": True}, "priority": 99}], "approvals_required": 3},
        {**usual, "actions": [{"name": "refund", "args": {"a": 1}, "risk": {"level": "critical"}}]},
        {**usual, "external_id": "skills"},
        {**usual, "external_id": "block"},
    ]


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let what is made have the same ids, seals and draws each time; call it to begin anew."""
    made = {"submissions": 0, "items": 1_000_000}

    def number(of: str) -> UUID:
        made[of] += 1
        return UUID(int=made[of])

    def begin() -> None:
        made.update({"submissions": 0, "items": 1_000_000})

    monkeypatch.setattr(service, "new_id", lambda: number("submissions"))
    monkeypatch.setattr(service, "new_ids", lambda count: [number("items") for _ in range(count)])
    monkeypatch.setattr("app.kernel.sealing.os.urandom", bytes)
    return begin


TABLES = {
    "submissions": "id",
    "contents": "submission_id",
    "items": "id",
    "events": "number",
}


def written(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Return every row of what the flow in writes, without what differs from one transaction to the next."""
    found = {}
    for table, order in TABLES.items():
        where = "WHERE type IN ('submission.received', 'item.enqueued')" if table == "events" else ""
        rows = session.execute(text(f"SELECT * FROM {table} {where} ORDER BY {order}")).mappings()  # noqa: S608  # names above
        found[table] = [{k: v for k, v in row.items() if k not in {"number", "xact_id"}} for row in rows]
    return found


def all_at_once(session: Session, workspace: UUID, documents: Sequence[dict[str, Any]]) -> None:
    elements = [(encode(document), document) for document in documents]
    sender = Sender(COMMAND, workspace, None)
    submit_each(session, now=read_now(session), sender=sender, elements=elements)


def one_by_one(session: Session, workspace: UUID, documents: Sequence[dict[str, Any]]) -> None:
    for document in documents:
        submit(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=workspace,
            key_id=None,
            body=encode(document),
            document=document,
        )


def test_a_batch_leaves_the_rows_that_its_elements_leave_one_by_one(
    session: Session, workspace: UUID, numbered: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = bodies(session, workspace)
    add_task_type(session, workspace, double_review_rate=Decimal("0.5"))
    add_policy(session, workspace, threshold=0.85, rules=RULES)
    at = read_now(session)
    find_or_add_queue(session, now=at, workspace_id=workspace, name="default")
    monkeypatch.setattr("tests.services.intake.test_writing.read_now", lambda _session: at)
    left = []
    for way in (one_by_one, all_at_once):
        numbered()
        with session.begin_nested() as attempt:
            way(session, workspace, documents)
            left.append(written(session))
            attempt.rollback()
    assert left[0] == left[1]
    assert [len(rows) for rows in left[0].values()] == [13, 13, 11, 24]
    assert {row["status"] for row in left[0]["submissions"]} == {"passed", "waiting", "blocked"}
    columns = {name for row in left[0]["items"] for name, value in row.items() if value not in (None, [], {}, False, 0)}
    assert {"skills", "candidates", "barred", "bar_reasons", "escalation", "step_at", "double_probability"} <= columns


def test_what_is_wrong_with_one_keeps_no_other_back(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    good, bad = {"task_type": "address", "output": 1}, {"task_type": "nope", "output": 1}
    elements = [(encode(one), one) for one in (good, bad, good, bad)]
    outcomes = submit_each(session, now=read_now(session), sender=Sender(COMMAND, workspace, None), elements=elements)
    assert [isinstance(one, ServiceError) for one in outcomes] == [False, True, False, True]
    kept = [one for one in outcomes if isinstance(one, Accepted)]
    assert {one.sha256 for one in kept} == {sha256(encode(good)).digest()}
    assert set(session.scalars(select(Item.submission_id))) == {one.submission_id for one in kept}
    assert [read_content(session, submission_id=one.submission_id)[0].output for one in kept] == [1, 1]


def test_the_statements_of_a_batch_do_not_grow_with_it(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    document = {"task_type": "address", "output": 1}
    all_at_once(session, workspace, [document])
    seen: list[str] = []
    note = lambda *a: seen.append(a[2])  # noqa: E731  # taken off again below
    connection = session.connection()
    counts = []
    for many in (5, 50):
        seen.clear()
        event.listen(connection, "before_cursor_execute", note)
        all_at_once(session, workspace, [document] * many)
        event.remove(connection, "before_cursor_execute", note)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 5


def test_one_submission_is_written_in_one_statement(
    session: Session, workspace: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_task_type(session, workspace)
    run: list[str] = []

    def note(session: Session, statement: str, rows: Any) -> None:
        run.append(statement)
        run_written(session, statement, rows)

    monkeypatch.setattr(statements, "run_written", note)
    one_by_one(session, workspace, [{"task_type": "address", "output": 1}])
    assert len(run) == 1
    assert len(written(session)["items"]) == 1


@pytest.mark.parametrize("many", [1, 5])
def test_what_the_database_refuses_is_raised_as_everywhere(
    session: Session, workspace: UUID, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    add_task_type(session, workspace)
    same = new_id()
    monkeypatch.setattr(service, "new_id", lambda: same)
    all_at_once(session, workspace, [{"task_type": "address", "output": 1}])
    with pytest.raises(IntegrityError):
        all_at_once(session, workspace, [{"task_type": "address", "output": 1}] * many)
