"""Read signing keys and used grants. Called by the flow out, the API and the command line."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.grants.models import GrantUse, SigningKey
from app.grants.rules import LONGEST_GRANT_MS, Grant, bad_grant, published, read_grant, read_kid
from app.kernel.ids import NoSuchId, parse, show

# The longest wait for a decision to be final is added, because a grant is signed before it begins.
_PUBLISHED_FOR: Final = timedelta(milliseconds=LONGEST_GRANT_MS, days=1)


def current_key(session: Session) -> SigningKey | None:
    """Return the key that signs, if one has been made."""
    return session.scalar(select(SigningKey).where(SigningKey.retired_at.is_(None)))


def list_keys(session: Session) -> Sequence[SigningKey]:
    """Return every key that was ever made, the newest first."""
    return session.scalars(select(SigningKey).order_by(SigningKey.created_at.desc())).all()


def key_set(session: Session, *, now: datetime) -> dict[str, list[dict[str, str]]]:
    """Return the JSON Web Key Set (RFC 7517) of the keys whose grants may still be used."""
    of_use = or_(SigningKey.retired_at.is_(None), SigningKey.retired_at > now - _PUBLISHED_FOR)
    keys = session.scalars(
        select(SigningKey).where(of_use, SigningKey.revoked_at.is_(None)).order_by(SigningKey.created_at.desc())
    )
    return {"keys": [published(key.public, kid=show("signing_key", key.id)) for key in keys]}


def open_grant(session: Session, text: str) -> Grant:
    """Return what a grant says once its signature holds.

    Raises:
        BadGrant: this service did not sign it, or the key that did has been revoked.
    """
    try:
        key = session.get(SigningKey, parse("signing_key", read_kid(text)))
    except NoSuchId:
        key = None
    if key is None:
        raise bad_grant("is not signed by this service")
    if key.revoked_at is not None:
        raise bad_grant("is signed with a key that was revoked")
    return read_grant(text, public=key.public)


def find_use(session: Session, *, grant_id: UUID) -> GrantUse | None:
    """Return by whom and when a grant was used, if it was."""
    return session.get(GrantUse, grant_id, populate_existing=True)
