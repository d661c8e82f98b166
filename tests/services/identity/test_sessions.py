"""Sessions: who they belong to, when they end, and that a saved cookie is worth nothing afterwards."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.models import Membership, Person, UserSession
from app.identity.queries import list_own_sessions
from app.identity.service import (
    NoSuchSession,
    NoWorkspace,
    create_person,
    create_workspace,
    find_session,
    revoke_session,
    start_session,
    touch_session,
)
from app.kernel.ids import new_id
from tests.services.identity.trail import events, types

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TICK = timedelta(microseconds=1)


def test_a_session_says_who_is_asking(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    started = start_session(session, now=now, person_id=ada, agent="Firefox")
    found = find_session(session, now=now, token=started.token)
    assert found is not None
    assert found.session_id == started.session_id
    assert (found.email, found.name, found.has_password) == ("ada@example.org", "Ada Lovelace", False)
    assert found.principal.actor == Actor("person", ada)
    assert (found.principal.workspace_id, found.principal.person_id) == (workspace, ada)
    assert found.principal.roles == {"reviewer"}
    assert found.principal.may("review")
    assert not found.principal.may("admin")
    assert events(session, workspace)[-1].type == "session.started"


def test_a_change_of_roles_counts_at_the_next_request(session: Session, now: datetime, ada: UUID) -> None:
    token = start_session(session, now=now, person_id=ada, agent="").token
    session.execute(update(Membership).where(Membership.person_id == ada).values(roles=["finance"]))
    found = find_session(session, now=now, token=token)
    assert found is not None
    assert found.principal.scopes == {"reports", "rates"}


def test_the_workspace_is_the_one_joined_first(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    other = create_workspace(session, now=now, name="Other").id
    create_person(
        session, now=now - HOUR, actor=COMMAND, workspace_id=other, email="ada@example.org", roles=["finance"]
    )
    found = find_session(session, now=now, token=start_session(session, now=now, person_id=ada, agent="").token)
    assert found is not None
    assert found.principal.workspace_id == other
    assert found.principal.roles == {"finance"}


def test_somebody_without_a_workspace_gets_no_session(session: Session, now: datetime) -> None:
    loner = new_id()
    session.add(Person(id=loner, email="loner@example.org", name="Loner", created_at=now))
    session.flush()
    with pytest.raises(NoWorkspace):
        start_session(session, now=now, person_id=loner, agent="")


@pytest.mark.parametrize("token", ["", "x" * 43, "\x00", "\ud800", "é" * 5000])
def test_a_made_up_cookie_is_nobody(session: Session, now: datetime, ada: UUID, token: str) -> None:
    start_session(session, now=now, person_id=ada, agent="")
    assert find_session(session, now=now, token=token) is None


def test_a_session_ends_after_twelve_idle_hours(session: Session, now: datetime, ada: UUID) -> None:
    token = start_session(session, now=now, person_id=ada, agent="").token
    assert find_session(session, now=now + 12 * HOUR - TICK, token=token) is not None
    assert find_session(session, now=now + 12 * HOUR, token=token) is None
    assert list_own_sessions(session, now=now + 12 * HOUR, person_id=ada) == []


def test_a_session_in_use_ends_after_a_day(session: Session, now: datetime, ada: UUID) -> None:
    started = start_session(session, now=now, person_id=ada, agent="")
    for hours in (8, 16, 23):
        touch_session(session, now=now + hours * HOUR, session_id=started.session_id)
    assert find_session(session, now=now + 24 * HOUR - TICK, token=started.token) is not None
    assert find_session(session, now=now + 24 * HOUR, token=started.token) is None


def test_use_is_noted_at_most_once_a_minute(session: Session, now: datetime, ada: UUID) -> None:
    started = start_session(session, now=now, person_id=ada, agent="")
    seen = select(UserSession.last_seen_at).where(UserSession.id == started.session_id)
    touch_session(session, now=now + MINUTE - TICK, session_id=started.session_id)
    assert session.scalar(seen) == now
    touch_session(session, now=now + MINUTE, session_id=started.session_id)
    assert session.scalar(seen) == now + MINUTE


def test_a_cookie_saved_before_logout_is_dead_afterwards(
    session: Session, now: datetime, workspace: UUID, ada: UUID
) -> None:
    actor = Actor("person", ada)
    saved = start_session(session, now=now, person_id=ada, agent="")
    other = start_session(session, now=now, person_id=ada, agent="")
    assert revoke_session(session, now=now, actor=actor, person_id=ada, session_id=saved.session_id)
    assert find_session(session, now=now, token=saved.token) is None
    assert find_session(session, now=now, token=other.token) is not None
    assert not revoke_session(session, now=now, actor=actor, person_id=ada, session_id=saved.session_id)
    assert types(session, workspace).count("session.revoked") == 1


def test_a_session_of_somebody_else_cannot_be_ended(
    session: Session, now: datetime, workspace: UUID, ada: UUID
) -> None:
    eve = create_person(
        session, now=now, actor=COMMAND, workspace_id=workspace, email="eve@example.org", roles=["admin"]
    )
    started = start_session(session, now=now, person_id=ada, agent="")
    with pytest.raises(NoSuchSession):
        revoke_session(session, now=now, actor=Actor("person", eve), person_id=eve, session_id=started.session_id)
    assert find_session(session, now=now, token=started.token) is not None


def test_own_sessions_are_listed_the_latest_used_first(session: Session, now: datetime, ada: UUID) -> None:
    first = start_session(session, now=now, person_id=ada, agent="Fire\nfox")
    second = start_session(session, now=now + HOUR, person_id=ada, agent="Chromium")
    listed = list_own_sessions(session, now=now + HOUR, person_id=ada)
    assert [(s.id, s.agent) for s in listed] == [
        (second.session_id, "Chromium"),
        (first.session_id, "Fire fox"),
    ]
