"""People, their memberships, and what disabling takes away."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.queries import (
    NoSuchPerson,
    NoSuchWorkspace,
    find_person_by_email,
    find_workspace,
    get_membership,
    get_person,
    list_own_sessions,
    list_people,
)
from app.identity.rules import BadEmail, BadName, BadRoles
from app.identity.service import (
    AlreadyMember,
    BadKey,
    LinkSpent,
    PersonDisabled,
    WorkspaceExists,
    create_key,
    create_person,
    create_workspace,
    disable_person,
    find_key,
    find_session,
    make_sign_in_link,
    start_session,
    use_sign_in_link,
)
from app.kernel.ids import new_id, show
from app.kernel.paging import BadCursor
from tests.services.identity.trail import events, types


def join(session: Session, now: datetime, workspace_id: UUID, email: str, *roles: str) -> UUID:
    return create_person(
        session, now=now, actor=COMMAND, workspace_id=workspace_id, email=email, roles=roles or ["reviewer"]
    )


def test_a_workspace_is_found_by_name_and_by_id(session: Session, workspace: UUID) -> None:
    assert find_workspace(session, name_or_id="Acme").id == workspace
    assert find_workspace(session, name_or_id=show("workspace", workspace)).name == "Acme"
    assert types(session, workspace) == ["workspace.created"]


@pytest.mark.parametrize("text", ["acme corp", "ws_1", "", "p_" + "0" * 32, "ws_" + "0" * 32])
def test_an_unknown_workspace_is_not_found(session: Session, workspace: UUID, text: str) -> None:
    with pytest.raises(NoSuchWorkspace):
        find_workspace(session, name_or_id=text)


def test_a_second_workspace_of_the_same_name_is_refused(session: Session, now: datetime, workspace: UUID) -> None:
    with pytest.raises(WorkspaceExists):
        create_workspace(session, now=now, name=" Acme ")
    with pytest.raises(BadName):
        create_workspace(session, now=now, name=" ")


def test_a_new_person_has_a_membership_and_an_event(session: Session, now: datetime, workspace: UUID) -> None:
    person_id = create_person(
        session,
        now=now,
        actor=COMMAND,
        workspace_id=workspace,
        email=" Grace@Example.ORG ",
        name="Grace Hopper",
        roles=["lead", "reviewer"],
        skills=["refunds", "refunds"],
        queues=["default", "finance"],
    )
    member = get_membership(session, workspace_id=workspace, person_id=person_id)
    assert (member.person.email, member.person.name) == ("grace@example.org", "Grace Hopper")
    assert not member.person.has_password
    assert (member.roles, member.skills, member.queues) == (
        ("reviewer", "lead"),
        ("refunds",),
        ("default", "finance"),
    )
    last = events(session, workspace)[-1]
    assert (last.type, last.subject_kind, last.subject_id) == ("person.joined", "person", person_id)
    assert last.details == {"roles": ["reviewer", "lead"]}


def test_without_a_name_the_address_gives_one(session: Session, now: datetime, workspace: UUID) -> None:
    assert get_person(session, person_id=join(session, now, workspace, "grace.h@example.org")).name == "grace.h"


def test_a_person_is_found_by_address_in_any_spelling(session: Session, ada: UUID) -> None:
    found = find_person_by_email(session, email=" ADA@example.org")
    assert found is not None
    assert found.id == ada
    assert find_person_by_email(session, email="eve@example.org") is None
    assert find_person_by_email(session, email="no address\x00") is None


def test_the_same_address_in_another_workspace_is_the_same_person(session: Session, now: datetime, ada: UUID) -> None:
    other = create_workspace(session, now=now, name="Other").id
    again = create_person(
        session, now=now, actor=COMMAND, workspace_id=other, email="Ada@example.org", name="A. L.", roles=["admin"]
    )
    assert again == ada
    member = get_membership(session, workspace_id=other, person_id=ada)
    assert (member.person.name, member.roles) == ("Ada Lovelace", ("admin",))


def test_joining_twice_is_refused(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    with pytest.raises(AlreadyMember):
        join(session, now, workspace, "ADA@example.org", "admin")
    assert get_membership(session, workspace_id=workspace, person_id=ada).roles == ("reviewer",)


def test_a_disabled_person_joins_nothing(session: Session, now: datetime, ada: UUID) -> None:
    disable_person(session, now=now, actor=COMMAND, person_id=ada)
    other = create_workspace(session, now=now, name="Other").id
    with pytest.raises(PersonDisabled):
        join(session, now, other, "ada@example.org")


def test_bad_input_makes_nobody(session: Session, now: datetime, workspace: UUID) -> None:
    with pytest.raises(BadEmail):
        join(session, now, workspace, "grace")
    with pytest.raises(BadRoles):
        join(session, now, workspace, "grace@example.org", "owner")
    assert list_people(session, workspace_id=workspace).rows == []


def test_a_member_is_not_seen_from_another_workspace(session: Session, now: datetime, ada: UUID) -> None:
    other = create_workspace(session, now=now, name="Other").id
    with pytest.raises(NoSuchPerson):
        get_membership(session, workspace_id=other, person_id=ada)
    assert list_people(session, workspace_id=other).rows == []


def test_people_come_in_pages_each_once(session: Session, now: datetime, workspace: UUID) -> None:
    made = [join(session, now, workspace, f"p{n}@example.org") for n in range(5)]
    seen: list[UUID] = []
    cursor = None
    for _ in range(3):
        page = list_people(session, workspace_id=workspace, limit=2, cursor=cursor)
        seen += [row.person.id for row in page.rows]
        cursor = page.next_cursor
    assert seen == made
    assert cursor is None


def test_a_made_up_cursor_is_refused(session: Session, workspace: UUID) -> None:
    with pytest.raises(BadCursor):
        list_people(session, workspace_id=workspace, cursor="abc")


def test_disabling_ends_every_way_in(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    token = start_session(session, now=now, person_id=ada, agent="").token
    link = make_sign_in_link(session, now=now, actor=COMMAND, person_id=ada)
    key = create_key(session, now=now, actor=COMMAND, workspace_id=workspace, scopes=["review"], person_id=ada)
    free_key = create_key(session, now=now, actor=COMMAND, workspace_id=workspace, scopes=["submit"])

    assert disable_person(session, now=now, actor=COMMAND, person_id=ada)

    later = now + timedelta(seconds=1)
    assert find_session(session, now=later, token=token) is None
    assert list_own_sessions(session, now=later, person_id=ada) == []
    with pytest.raises(BadKey):
        find_key(session, now=later, text=key.text)
    with pytest.raises(LinkSpent):
        use_sign_in_link(session, now=later, token=link)
    assert find_key(session, now=later, text=free_key.text).may("submit")
    assert get_person(session, person_id=ada).disabled_at == now
    assert types(session, workspace)[-3:] == ["session.revoked", "key.revoked", "person.disabled"]


def test_disabling_twice_changes_nothing(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    assert disable_person(session, now=now, actor=COMMAND, person_id=ada)
    before = types(session, workspace)
    assert not disable_person(session, now=now + timedelta(days=1), actor=COMMAND, person_id=ada)
    assert get_person(session, person_id=ada).disabled_at == now
    assert types(session, workspace) == before


def test_disabling_is_told_to_every_workspace(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    other = create_workspace(session, now=now, name="Other").id
    join(session, now, other, "ada@example.org")
    disable_person(session, now=now, actor=COMMAND, person_id=ada)
    assert types(session, workspace)[-1] == types(session, other)[-1] == "person.disabled"


def test_nobody_is_not_disabled(session: Session, now: datetime) -> None:
    with pytest.raises(NoSuchPerson):
        disable_person(session, now=now, actor=COMMAND, person_id=new_id())
    with pytest.raises(NoSuchPerson):
        get_person(session, person_id=new_id())
