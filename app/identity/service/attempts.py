"""Counting tries to sign in, so that guessing is slow wherever it comes from.

Ten failures in five minutes close an account to passwords, thirty close an address; sign-in links still work. Counted
are accounts that do not exist too, so that the answer does not tell which do. Only a digest of the typed account is
kept, because people type passwords there by mistake. Called by sign-in, the change of a password and the sweeper.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.orm import Session

from app.identity.models import SignInAttempt
from app.identity.rules import (
    ATTEMPT_WINDOW,
    MAX_FAILURES_PER_ACCOUNT,
    MAX_FAILURES_PER_ADDRESS,
    address_group,
    seconds_until_next_try,
)
from app.kernel.errors import TooMany

KEPT: Final = timedelta(days=30)
# Names the family of locks below; the second number is the account.
_LOCK_FAMILY: Final = 0x7064


class TooManyAttempts(TooMany):
    """Too many failed tries; wait, or ask for a sign-in link."""


def admit_attempt(session: Session, *, now: datetime, account: str, address: str) -> None:
    """Let one try at a password go ahead, one at a time for each account.

    Raises:
        TooManyAttempts: with the seconds after which a try is possible again.
    """
    digest = _digest(account)
    lock = func.pg_try_advisory_xact_lock(_LOCK_FAMILY, int.from_bytes(digest[:4], signed=True))
    # Without it, tries at the same moment would not see each other's failures and all be let in.
    if not session.scalar(select(lock)):
        raise TooManyAttempts(retry_after_seconds=1)
    wait = max(
        _wait(session, SignInAttempt.account_sha256 == digest, limit=MAX_FAILURES_PER_ACCOUNT, now=now),
        _wait(session, SignInAttempt.address == address_group(address), limit=MAX_FAILURES_PER_ADDRESS, now=now),
    )
    if wait:
        raise TooManyAttempts(retry_after_seconds=wait)


def count_attempt(session: Session, *, now: datetime, account: str, address: str, succeeded: bool) -> None:
    """Keep the outcome of a try. The unit of work must commit, also when the try failed."""
    session.execute(
        insert(SignInAttempt).values(
            account_sha256=_digest(account), address=address_group(address), at=now, succeeded=succeeded
        )
    )


def forget_old_attempts(session: Session, *, now: datetime) -> int:
    """Delete tries older than thirty days and return how many they were."""
    gone = session.execute(delete(SignInAttempt).where(SignInAttempt.at < now - KEPT).returning(SignInAttempt.number))
    return len(gone.all())


def _wait(session: Session, whose: ColumnElement[bool], *, limit: int, now: datetime) -> int:
    failures = session.scalars(
        select(SignInAttempt.at)
        .where(whose, SignInAttempt.succeeded.is_(False), SignInAttempt.at > now - ATTEMPT_WINDOW)
        .order_by(SignInAttempt.at.desc())
        .limit(limit)
    ).all()
    return seconds_until_next_try(failures, limit=limit, now=now)


def _digest(account: str) -> bytes:
    return hashlib.sha256(account.encode("utf-8", "surrogatepass")).digest()
