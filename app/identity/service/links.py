"""One-time sign-in links: how somebody gets in for the first time, or after forgetting a password.

A link carries 256 random bits of which only the SHA-256 is kept, lives for an hour and works once: two uses at the
same moment have one winner. Opening it changes nothing; only `use_sign_in_link` does.
Called by the command line, which prints links, and by the sign-in page.
"""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.models import SignInLink
from app.identity.queries import link_digest
from app.identity.rules import LINK_LIFE
from app.identity.service.accounts import PersonDisabled, hold_account, record_about_person
from app.kernel.errors import Gone


class LinkSpent(Gone):
    """This sign-in link is used up, too old or unknown; ask for a new one."""


def make_sign_in_link(session: Session, *, now: datetime, actor: Actor, person_id: UUID) -> str:
    """Make a one-time link for a person and return its token; it works for one hour.

    Whoever holds the token can sign in as this person wherever she belongs, so only the operator of the
    installation may make one, not the admin of one of her workspaces.

    Raises:
        NoSuchPerson: there is none.
        PersonDisabled: nobody may sign in as this person.
    """
    hold_account(session, person_id=person_id)
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(SignInLink).values(token_sha256=link_digest(token), person_id=person_id, expires_at=now + LINK_LIFE)
    )
    record_about_person(session, now=now, actor=actor, person_id=person_id, type="link.made")
    return token


def use_sign_in_link(session: Session, *, now: datetime, token: str) -> UUID:
    """Use a link up and return the person, for whom a session is to be started in the same unit of work.

    Raises:
        LinkSpent: it is used up, older than an hour, unknown, or its person is disabled.
    """
    digest = link_digest(token)
    person_id = session.scalar(select(SignInLink.person_id).where(SignInLink.token_sha256 == digest))
    if person_id is None:
        raise LinkSpent
    try:
        hold_account(session, person_id=person_id)
    except PersonDisabled as error:
        raise LinkSpent from error
    used = session.scalar(
        update(SignInLink)
        .where(SignInLink.token_sha256 == digest, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
        .returning(SignInLink.person_id)
    )
    if used is None:
        raise LinkSpent
    record_about_person(session, now=now, actor=Actor("person", person_id), person_id=person_id, type="link.used")
    return person_id


def spend_links_of(session: Session, *, now: datetime, person_id: UUID) -> None:
    """Use up every link that a person still has. The caller writes the event that says why."""
    session.execute(
        update(SignInLink).where(SignInLink.person_id == person_id, SignInLink.used_at.is_(None)).values(used_at=now)
    )


def was_link_used_at(session: Session, *, person_id: UUID, at: datetime) -> bool:
    """Say whether a link of this person was used at exactly this instant.

    A link and the session that it opens are written with one `now`, so this tells whether a link opened a session.
    """
    used = select(SignInLink.person_id).where(SignInLink.person_id == person_id, SignInLink.used_at == at)
    return session.scalar(used.limit(1)) is not None
