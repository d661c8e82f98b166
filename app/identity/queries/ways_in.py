"""Read by which ways people come in: links that still work, second factors, recovery codes. No secret is returned."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity.models import RecoveryCode, SecondFactor, SignInLink


def link_digest(token: str) -> bytes:
    """Return what is kept of a link's token."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def person_of_link(session: Session, *, now: datetime, token: str) -> UUID | None:
    """Return whom a link would sign in, None when it would nobody. Uses nothing up."""
    wanted = select(SignInLink.person_id).where(
        SignInLink.token_sha256 == link_digest(token), SignInLink.used_at.is_(None), SignInLink.expires_at > now
    )
    return session.scalar(wanted)


def has_second_factor(session: Session, *, person_id: UUID) -> bool:
    """Say whether this person is asked for a code."""
    return session.get(SecondFactor, person_id, populate_existing=True) is not None


def recovery_codes_left(session: Session, *, person_id: UUID) -> int:
    """Return how many recovery codes of a person are not used yet."""
    unused = select(func.count()).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0
