"""Answer a request once: the same key with the same body gets the kept answer, whatever happened to the first reply.

The key is locked for the length of the transaction, so a second request with it waits, then replays. Only answers
that were committed are kept. Called by the API.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.db import lock_name
from app.kernel.errors import Conflict, Invalid
from app.submissions.models import IdempotentAnswer

KEEP_FOR: Final = timedelta(days=7)
WAIT_MS: Final = 2_000
_LOCK_NOT_AVAILABLE: Final = "55P03"


class StillRunning(Conflict):
    """A request with this Idempotency-Key is still being worked on."""


class OtherBody(Invalid):
    """This Idempotency-Key was used with another body."""


@dataclass(frozen=True)
class Kept:
    """An answer: its status, its bytes, what it is about, and whether it was given before."""

    status_code: int
    body: bytes
    submission_id: UUID | None
    replayed: bool = False


def answer_once(
    session: Session,
    *,
    now: datetime,
    key_id: UUID,
    idempotency_key: str,
    request: bytes,
    work: Callable[[], Kept],
) -> Kept:
    """Return the kept answer of this key, or do the work and keep its answer.

    Args:
        request: Method, path and body; a kept answer is only for the same ones.
        work: Makes the answer within this transaction.

    Raises:
        StillRunning: another request held the key for longer than WAIT_MS.
        OtherBody: the key was used for another request.
    """
    digest = sha256(request).digest()
    _lock_key(session, key_id, idempotency_key)
    mine = (IdempotentAnswer.key_id == key_id) & (IdempotentAnswer.idempotency_key == idempotency_key)
    kept = session.execute(select(IdempotentAnswer).where(mine)).scalar_one_or_none()
    if kept is not None and kept.created_at > now - KEEP_FOR:
        if kept.request_sha256 != digest:
            raise OtherBody
        return Kept(kept.status_code, kept.body, kept.submission_id, replayed=True)
    if kept is not None:
        session.execute(delete(IdempotentAnswer).where(mine))
    answer = work()
    session.execute(
        insert(IdempotentAnswer).values(
            key_id=key_id,
            idempotency_key=idempotency_key,
            request_sha256=digest,
            status_code=answer.status_code,
            body=answer.body,
            submission_id=answer.submission_id,
            created_at=now,
        )
    )
    return answer


def _lock_key(session: Session, key_id: UUID, idempotency_key: str) -> None:
    before = session.scalar(text("SELECT current_setting('lock_timeout')"))
    session.execute(text(f"SET LOCAL lock_timeout = {WAIT_MS}"))
    try:
        lock_name(session, f"idempotency {key_id} {idempotency_key}")
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise StillRunning from error
        raise
    session.execute(text("SELECT set_config('lock_timeout', :before, true)"), {"before": before})


def forget_answers(session: Session, *, now: datetime, limit: int) -> int:
    """Delete up to `limit` answers that are no longer kept; return how many."""
    old = (
        select(IdempotentAnswer.key_id, IdempotentAnswer.idempotency_key)
        .where(IdempotentAnswer.created_at <= now - KEEP_FOR)
        .limit(limit)
        .cte("old")
    )
    gone = session.execute(
        delete(IdempotentAnswer)
        .where(
            IdempotentAnswer.key_id == old.c.key_id,
            IdempotentAnswer.idempotency_key == old.c.idempotency_key,
        )
        .returning(IdempotentAnswer.key_id)
    )
    return len(gone.all())
