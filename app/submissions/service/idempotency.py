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

from sqlalchemy import delete, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

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
    values = {"key": key_id, "name": idempotency_key}
    before = _lock_key(session, key_id, idempotency_key)
    # Another statement, so that it sees what was committed while this one waited for the lock.
    kept = session.execute(_FIND, {**values, "before": before}).one()
    if kept.created_at is not None and kept.created_at > now - KEEP_FOR:
        if kept.request_sha256 != digest:
            raise OtherBody
        return Kept(kept.status_code, kept.body, kept.submission_id, replayed=True)
    if kept.created_at is not None:
        session.execute(_FORGET, values)
    answer = work()
    session.execute(
        _KEEP,
        {
            **values,
            "digest": digest,
            "status_code": answer.status_code,
            "body": answer.body,
            "submission": answer.submission_id,
            "now": now,
        },
    )
    return answer


# Written out, because most submissions of programs run them. The first lets this transaction wait for the key's lock
# for so long and no longer, and returns how long it waits for other locks; the second lets it do that again.
_LOCK: Final = text("""
SELECT current_setting('lock_timeout'), set_config('lock_timeout', :wait_ms, true),
       pg_advisory_xact_lock(hashtextextended(:name, 0))
""")
_FIND: Final = text("""
SELECT set_config('lock_timeout', :before, true), a.request_sha256, a.status_code, a.body, a.submission_id, a.created_at
  FROM (VALUES (1)) AS one
  LEFT JOIN idempotent_answers AS a ON a.key_id = :key AND a.idempotency_key = :name
""")
_FORGET: Final = text("DELETE FROM idempotent_answers WHERE key_id = :key AND idempotency_key = :name")
_KEEP: Final = text("""
INSERT INTO idempotent_answers
       (key_id, idempotency_key, request_sha256, status_code, body, submission_id, created_at)
VALUES (:key, :name, :digest, :status_code, :body, :submission, :now)
""")


def _lock_key(session: Session, key_id: UUID, idempotency_key: str) -> str:
    """Hold the lock of a key until this transaction ends; return the lock_timeout that held before.

    Raises:
        StillRunning: another request held it for longer than WAIT_MS.
    """
    try:
        locked = session.execute(_LOCK, {"wait_ms": str(WAIT_MS), "name": f"idempotency {key_id} {idempotency_key}"})
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) == _LOCK_NOT_AVAILABLE:
            raise StillRunning from error
        raise
    before: str = locked.scalar_one()
    return before


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
