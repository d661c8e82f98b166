"""A submission says who asked for it, who may judge it and who may not; whoever owns the key never may."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from app.identity.models import Group
from app.identity.service import create_workspace
from app.intake.queries import UnknownName, find_eligible
from app.kernel.clock import read_now
from app.kernel.ids import new_id, show
from app.queue.models import Item
from tests.factories.people import add_person
from tests.factories.work import ADDRESS, add_task_type, item_of, send


@pytest.fixture(autouse=True)
def address(session: Session, workspace: UUID) -> None:
    """The task type `address`."""
    add_task_type(session, workspace)


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """A reviewer with the address ada@example.org."""
    return add_person(session, workspace)


def add_group(session: Session, workspace_id: UUID, name: str) -> UUID:
    made = new_id()
    session.execute(insert(Group).values(id=made, workspace_id=workspace_id, name=name, created_at=read_now(session)))
    return made


def put(session: Session, workspace_id: UUID, **body: Any) -> Item:
    return item_of(session, send(session, workspace_id, **body).submission_id)


def test_without_names_everybody_may_and_nothing_is_looked_up(session: Session, workspace: UUID) -> None:
    item = put(session, workspace)
    assert (item.candidates, item.barred, item.bar_reasons) == (None, [], {})
    seen: list[str] = []
    connection = session.connection()
    note = lambda *a: seen.append(a[2])  # noqa: E731  # taken off again below
    event.listen(connection, "before_cursor_execute", note)
    find_eligible(session, workspace_id=workspace, key_owner=None, document={"task_type": "address"})
    event.remove(connection, "before_cursor_execute", note)
    assert seen == []


@pytest.mark.parametrize("name", ["ada@example.org", "Ada@Example.ORG", "user:ada@example.org", "by id"])
def test_whoever_asked_may_not_judge(session: Session, workspace: UUID, ada: UUID, name: str) -> None:
    asked = show("person", ada) if name == "by id" else name
    item = put(session, workspace, requested_by={"agent": "bot", "on_behalf_of": asked})
    assert (item.barred, item.bar_reasons, item.candidates) == ([ada], {ada.hex: "requester"}, None)


def test_a_programs_own_name_for_a_user_keeps_nobody_out(session: Session, workspace: UUID, ada: UUID) -> None:
    item = put(session, workspace, requested_by={"on_behalf_of": "user:42"}, excluded=["user:42", "no@example.org"])
    assert (item.barred, item.candidates) == ([], None)


def test_the_keys_own_person_may_not_judge(session: Session, workspace: UUID, ada: UUID) -> None:
    document = {"task_type": ADDRESS.name, "requested_by": {"on_behalf_of": "ada@example.org"}}
    found = find_eligible(session, workspace_id=workspace, key_owner=ada, document=document)
    assert found.barred == {ada: "requester"}
    del document["requested_by"]
    found = find_eligible(session, workspace_id=workspace, key_owner=ada, document=document)
    assert found.barred == {ada: "key_owner"}


def test_people_and_groups_are_excluded(session: Session, workspace: UUID, ada: UUID) -> None:
    finance, night = (add_group(session, workspace, name) for name in ("finance", "night"))
    item = put(session, workspace, excluded=["ada@example.org", "finance", show("group", night), "nobody at all"])
    assert item.barred == [ada, finance, night]
    assert set(item.bar_reasons.values()) == {"excluded"}


def test_candidates_are_people_and_groups(session: Session, workspace: UUID, ada: UUID) -> None:
    finance = add_group(session, workspace, "finance")
    named = {"users": [show("person", ada), "ada@example.org", "user:42"], "groups": ["finance"]}
    assert put(session, workspace, candidates=named).candidates == [ada, finance]


def test_candidates_that_mean_nobody_leave_nobody(session: Session, workspace: UUID) -> None:
    assert put(session, workspace, candidates={"users": ["user:42"]}).candidates == []


def test_empty_lists_of_candidates_mean_everybody(session: Session, workspace: UUID) -> None:
    assert put(session, workspace, candidates={"users": [], "groups": []}).candidates is None


def test_candidates_of_this_workspace_must_exist(session: Session, workspace: UUID) -> None:
    other = create_workspace(session, now=read_now(session), name="Other")
    eve = add_person(session, other.id, "eve")
    theirs = add_group(session, other.id, "theirs")
    users = ["user:42", "eve@example.org", show("person", eve)]
    with pytest.raises(UnknownName) as caught:
        send(session, workspace, candidates={"users": users, "groups": ["theirs", show("group", theirs)]})
    assert [fault.pointer for fault in caught.value.faults] == [
        "/candidates/users/1",
        "/candidates/users/2",
        "/candidates/groups/0",
        "/candidates/groups/1",
    ]


@pytest.mark.parametrize(("asked", "needed"), [(None, 2), (1, 2), (3, 3)])
def test_the_most_approvals_that_anybody_asks_for_are_needed(
    session: Session, workspace: UUID, asked: int | None, needed: int
) -> None:
    add_task_type(session, workspace, approvals_required=2)
    body = {} if asked is None else {"approvals_required": asked}
    assert put(session, workspace, **body).approvals_required == needed
