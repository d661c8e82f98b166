"""Answer a request once: the same key with the same body gets the kept answer, whatever happened to the first reply.

The key is locked for the length of the transaction, so a second request with it waits, then replays. Only answers
that were committed are kept. Called by the API.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.kernel.errors import Conflict, Invalid, ServiceError
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


@dataclass(frozen=True)
class Asked:
    """A request under an Idempotency-Key; `request` is its method, path and body."""

    key_id: UUID
    idempotency_key: str
    request: bytes

    @property
    def lock(self) -> str:
        """The name of the lock that this key's requests take."""
        return f"idempotency {self.key_id} {self.idempotency_key}"

    @property
    def digest(self) -> bytes:
        """What tells this request from another one under the same key."""
        return sha256(self.request).digest()


def answer_once(
    session: Session,
    *,
    now: datetime,
    asked: Asked,
    work: Callable[[], Kept],
) -> Kept:
    """Return the kept answer of this key, or do the work and keep its answer.

    Args:
        asked: A kept answer is only for the same request.
        work: Makes the answer within this transaction.

    Raises:
        StillRunning: another request held the key for longer than WAIT_MS.
        OtherBody: the key was used for another request.
    """
    values = {"key": asked.key_id, "name": asked.idempotency_key}
    before = _lock_key(session, asked)
    # Another statement, so that it sees what was committed while this one waited for the lock.
    kept = session.execute(_FIND, {**values, "before": before}).one()
    if kept.created_at is not None and kept.created_at > now - KEEP_FOR:
        return _replay(kept, asked)
    if kept.created_at is not None:
        session.execute(_FORGET, values)
    answer = work()
    _keep(session, now, [(asked, answer)])
    return answer


def answer_each_once(
    session: Session,
    *,
    now: datetime,
    many: Sequence[Asked],
    work: Callable[[Sequence[int]], Sequence[Kept | ServiceError]],
) -> list[Kept | ServiceError | None]:
    """Do as `answer_once` for several requests in one transaction, without ever waiting for a lock.

    Args:
        work: Makes the answers, or says what is wrong, for the requests at these places of `many`.

    Returns:
        An answer or an error for each; None for one that has to be asked alone, because its key is held by another
        request, is asked for twice, or has an answer that is too old to be kept.
    """
    answers: list[Kept | ServiceError | None] = [None] * len(many)
    if not many:
        return answers
    first = {asked.lock: place for place, asked in reversed(list(enumerate(many)))}
    locked = session.execute(_TRY_LOCKS, {"names": list(first)}).scalars().all()
    places = [first[name] for name in locked]
    values = {"keys": [many[p].key_id for p in places], "names": [many[p].idempotency_key for p in places]}
    # Another statement, so that it sees what was committed before the locks were given back.
    found = {(row.key_id, row.idempotency_key): row for row in session.execute(_FIND_MANY, values)}
    new = []
    for place in places:
        kept = found.get((many[place].key_id, many[place].idempotency_key))
        if kept is None:
            new.append(place)
        elif kept.created_at > now - KEEP_FOR:
            try:
                answers[place] = _replay(kept, many[place])
            except OtherBody as error:
                answers[place] = error
    for place, answer in zip(new, work(new), strict=True):
        answers[place] = answer
    _keep(session, now, [(many[p], a) for p in new if isinstance(a := answers[p], Kept)])
    return answers


def _replay(kept: Any, asked: Asked) -> Kept:
    """Return an answer that was given.

    Raises:
        OtherBody: to another request than this one.
    """
    if kept.request_sha256 != asked.digest:
        raise OtherBody
    return Kept(kept.status_code, kept.body, kept.submission_id, replayed=True)


def _keep(session: Session, now: datetime, answers: Sequence[tuple[Asked, Kept]]) -> None:
    rows = [
        {
            "key": asked.key_id,
            "name": asked.idempotency_key,
            "digest": asked.digest,
            "status_code": answer.status_code,
            "body": answer.body,
            "submission": answer.submission_id,
            "now": now,
        }
        for asked, answer in answers
    ]
    if rows:
        session.execute(_KEEP, rows)


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
_TRY_LOCKS: Final = text(
    "SELECT name FROM unnest(CAST(:names AS text[])) AS name WHERE pg_try_advisory_xact_lock(hashtextextended(name, 0))"
)
_FIND_MANY: Final = text("""
SELECT a.key_id, a.idempotency_key, a.request_sha256, a.status_code, a.body, a.submission_id, a.created_at
  FROM unnest(CAST(:keys AS uuid[]), CAST(:names AS text[])) AS asked (key_id, idempotency_key)
  JOIN idempotent_answers AS a USING (key_id, idempotency_key)
""")
_FORGET: Final = text("DELETE FROM idempotent_answers WHERE key_id = :key AND idempotency_key = :name")
_KEEP: Final = text("""
INSERT INTO idempotent_answers
       (key_id, idempotency_key, request_sha256, status_code, body, submission_id, created_at)
VALUES (:key, :name, :digest, :status_code, :body, :submission, :now)
""")


def _lock_key(session: Session, asked: Asked) -> str:
    """Hold the lock of a key until this transaction ends; return the lock_timeout that held before.

    Raises:
        StillRunning: another request held it for longer than WAIT_MS.
    """
    try:
        locked = session.execute(_LOCK, {"wait_ms": str(WAIT_MS), "name": asked.lock})
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
