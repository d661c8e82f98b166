"""API keys: shown once, limited by scope, time and person."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.models import ApiKey, Membership
from app.identity.queries import list_keys
from app.identity.rules import BadScopes
from app.identity.service import (
    AlreadyExpired,
    BadKey,
    CannotReview,
    NewKey,
    NoSuchKey,
    NotAMember,
    PersonDisabled,
    create_key,
    create_person,
    create_workspace,
    disable_person,
    find_key,
    revoke_key,
)
from app.kernel.ids import new_id
from tests.services.identity.trail import events, types

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)


def make(session: Session, now: datetime, workspace_id: UUID, *scopes: str, person_id: UUID | None = None) -> NewKey:
    return create_key(
        session,
        now=now,
        actor=COMMAND,
        workspace_id=workspace_id,
        scopes=scopes or ["submit"],
        person_id=person_id,
    )


def test_a_key_says_who_is_asking(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace, "read", "submit")
    asking = find_key(session, now=now, text=made.text)
    assert asking.actor == Actor("key", made.key_id)
    assert (asking.workspace_id, asking.person_id, asking.roles) == (workspace, None, frozenset())
    assert asking.scopes == {"submit", "read"}
    assert made.text.startswith(f"pd_{made.prefix}_")
    last = events(session, workspace)[-1]
    assert (last.type, last.subject_kind, last.subject_id) == ("key.created", "key", made.key_id)


def test_a_key_may_act_for_a_person(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    asking = find_key(session, now=now, text=make(session, now, workspace, "review", person_id=ada).text)
    assert asking.person_id == ada
    assert asking.roles == {"reviewer"}
    assert asking.may("review")


def test_a_key_reviews_only_while_its_person_may(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    text = make(session, now, workspace, "submit", "review", person_id=ada).text
    session.execute(update(Membership).where(Membership.person_id == ada).values(roles=["finance"]))
    assert find_key(session, now=now, text=text).scopes == {"submit"}


def test_review_needs_a_person_who_may_review(session: Session, now: datetime, workspace: UUID) -> None:
    with pytest.raises(CannotReview):
        make(session, now, workspace, "review")
    auditor = create_person(
        session, now=now, actor=COMMAND, workspace_id=workspace, email="aud@example.org", roles=["auditor"]
    )
    with pytest.raises(CannotReview):
        make(session, now, workspace, "review", person_id=auditor)


def test_the_person_of_a_key_must_belong_to_the_workspace(session: Session, now: datetime, ada: UUID) -> None:
    other = create_workspace(session, now=now, name="Other").id
    for stranger in (ada, new_id()):
        with pytest.raises(NotAMember):
            make(session, now, other, "submit", person_id=stranger)


def test_a_disabled_person_gets_no_key(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    disable_person(session, now=now, actor=COMMAND, person_id=ada)
    with pytest.raises(PersonDisabled):
        make(session, now, workspace, "submit", person_id=ada)


def test_a_key_of_somebody_who_left_the_workspace_is_useless(
    session: Session, now: datetime, workspace: UUID, ada: UUID
) -> None:
    text = make(session, now, workspace, "submit", person_id=ada).text
    session.delete(session.get_one(Membership, (workspace, ada)))
    session.flush()
    with pytest.raises(BadKey):
        find_key(session, now=now, text=text)


def test_unknown_scopes_are_refused(session: Session, now: datetime, workspace: UUID) -> None:
    with pytest.raises(BadScopes):
        make(session, now, workspace, "submit", "everything")


def test_the_secret_is_not_kept(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace)
    kept = session.scalars(select(ApiKey.secret_sha256)).one()
    assert len(kept) == 32
    assert made.text.split("_", 2)[2].encode() not in kept
    assert made.text not in repr(list_keys(session, workspace_id=workspace))


def test_a_changed_key_opens_nothing(session: Session, now: datetime, workspace: UUID) -> None:
    one, other = make(session, now, workspace), make(session, now, workspace)
    mixed = f"pd_{one.prefix}_{other.text.split('_', 2)[2]}"
    wrong = ["", "pd_", one.text[:-1], one.text + "A", one.text + "\n", " " + one.text, one.text.upper(), mixed]
    for text in [*wrong, "pd_\x00", "\ud800", "x" * 100_000]:
        with pytest.raises(BadKey):
            find_key(session, now=now, text=text)


def test_a_key_expires(session: Session, now: datetime, workspace: UUID) -> None:
    ends = now + timedelta(days=1)
    made = create_key(session, now=now, actor=COMMAND, workspace_id=workspace, scopes=["submit"], expires_at=ends)
    assert find_key(session, now=ends - TICK, text=made.text).may("submit")
    with pytest.raises(BadKey):
        find_key(session, now=ends, text=made.text)
    with pytest.raises(AlreadyExpired):
        create_key(session, now=now, actor=COMMAND, workspace_id=workspace, scopes=["submit"], expires_at=now)


def test_a_revoked_key_opens_nothing(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace)
    assert revoke_key(session, now=now, actor=COMMAND, workspace_id=workspace, key_id=made.key_id)
    with pytest.raises(BadKey):
        find_key(session, now=now, text=made.text)
    assert not revoke_key(session, now=now, actor=COMMAND, workspace_id=workspace, key_id=made.key_id)
    assert types(session, workspace).count("key.revoked") == 1
    assert list_keys(session, workspace_id=workspace).rows[0].revoked_at == now


def test_a_key_cannot_be_revoked_from_another_workspace(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace)
    other = create_workspace(session, now=now, name="Other").id
    with pytest.raises(NoSuchKey):
        revoke_key(session, now=now, actor=COMMAND, workspace_id=other, key_id=made.key_id)
    assert find_key(session, now=now, text=made.text).workspace_id == workspace


def test_use_is_noted_to_the_minute(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace)
    used = select(ApiKey.last_used_at).where(ApiKey.id == made.key_id)
    assert session.scalar(used) is None
    for later, noted in ((timedelta(0), now), (MINUTE - TICK, now), (MINUTE, now + MINUTE)):
        find_key(session, now=now + later, text=made.text)
        assert session.scalar(used) == noted


def test_a_key_in_steady_use_costs_one_query(session: Session, now: datetime, workspace: UUID) -> None:
    made = make(session, now, workspace)
    find_key(session, now=now, text=made.text)
    asked: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *a: asked.append(a[2]))
    find_key(session, now=now, text=made.text)
    assert len(asked) == 1


def test_keys_come_in_pages(session: Session, now: datetime, workspace: UUID) -> None:
    made = [make(session, now + n * MINUTE, workspace).key_id for n in range(3)]
    first = list_keys(session, workspace_id=workspace, limit=2)
    rest = list_keys(session, workspace_id=workspace, limit=2, cursor=first.next_cursor)
    assert [key.id for key in first.rows + rest.rows] == made
    assert first.has_more
    assert not rest.has_more
