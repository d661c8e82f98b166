"""One-time links: once, within the hour, for whom they were made."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, cast, select
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.models import SignInLink
from app.identity.queries import NoSuchPerson
from app.identity.service import LinkSpent, PersonDisabled, disable_person, make_sign_in_link, use_sign_in_link
from app.kernel.ids import new_id
from tests.services.identity.trail import types

HOUR = timedelta(hours=1)


def make(session: Session, now: datetime, person_id: UUID) -> str:
    return make_sign_in_link(session, now=now, actor=COMMAND, person_id=person_id)


def test_a_link_signs_its_person_in_once(session: Session, now: datetime, workspace: UUID, ada: UUID) -> None:
    token = make(session, now, ada)
    assert use_sign_in_link(session, now=now, token=token) == ada
    with pytest.raises(LinkSpent):
        use_sign_in_link(session, now=now, token=token)
    assert types(session, workspace)[-2:] == ["link.made", "link.used"]


def test_a_link_works_up_to_an_hour(session: Session, now: datetime, ada: UUID) -> None:
    early, late = make(session, now, ada), make(session, now, ada)
    assert use_sign_in_link(session, now=now + HOUR - timedelta(microseconds=1), token=early) == ada
    with pytest.raises(LinkSpent):
        use_sign_in_link(session, now=now + HOUR, token=late)


@pytest.mark.parametrize("token", ["", "x" * 43, "\x00", "\ud800", "x" * 100_000])
def test_a_made_up_link_opens_nothing(session: Session, now: datetime, ada: UUID, token: str) -> None:
    make(session, now, ada)
    with pytest.raises(LinkSpent):
        use_sign_in_link(session, now=now, token=token)


def test_the_token_itself_is_not_kept(session: Session, now: datetime, ada: UUID) -> None:
    token = make(session, now, ada)
    kept = session.scalars(select(cast(SignInLink.token_sha256, LargeBinary))).one()
    assert token.encode() not in kept
    assert len(kept) == 32


def test_nobody_gets_a_link(session: Session, now: datetime, ada: UUID) -> None:
    with pytest.raises(NoSuchPerson):
        make(session, now, new_id())
    disable_person(session, now=now, actor=COMMAND, person_id=ada)
    with pytest.raises(PersonDisabled):
        make(session, now, ada)
