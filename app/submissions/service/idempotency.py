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


def _lock_of(key_id: UUID, idempotency_key: str) -> str:
    return f"idempotency {key_id} {idempotency_key}"


@dataclass(frozen=True)
class Asked:
    """A request under an Idempotency-Key; `request` is its method, path and body."""

    key_id: UUID
    idempotency_key: str
    request: bytes

    @property
    def lock(self) -> str:
        """The name of the lock that this key's requests take."""
        return _lock_of(self.key_id, self.idempotency_key)

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
    many: Sequence[Asked | None],
    work: Callable[[Sequence[int]], Sequence[Kept | ServiceError]],
) -> list[Kept | ServiceError | None]:
    """Do as `answer_once` for several requests in one transaction, without ever waiting for a lock.

    Args:
        many: One for each request; None for one without an Idempotency-Key, which is always done.
        work: Makes the answers, or says what is wrong, for the requests at these places of `many`.

    Returns:
        An answer or an error for each; None for one that has to be asked alone, because its key is held by another
        request, is asked for twice, or has an answer that is too old to be kept.
    """
    answers: list[Kept | ServiceError | None] = [None] * len(many)
    held = _try_lock_first(session, many)
    found = _find_many(session, list(held.values()))
    new = []
    for place, asked in enumerate(many):
        kept = None if asked is None else found.get(asked.lock)
        if asked is None or (place in held and kept is None):
            new.append(place)
        elif place in held and kept is not None and kept.created_at > now - KEEP_FOR:
            try:
                answers[place] = _replay(kept, asked)
            except OtherBody as error:
                answers[place] = error
    for place, answer in zip(new, work(new), strict=True):
        answers[place] = answer
    made = [(held[place], answers[place]) for place in new if place in held]
    _keep(session, now, [(asked, answer) for asked, answer in made if isinstance(answer, Kept)])
    return answers


def _try_lock_first(session: Session, many: Sequence[Asked | None]) -> dict[int, Asked]:
    """Lock each key for the first request that has it, where nobody else holds it; return those, by place."""
    first = {asked.lock: (place, asked) for place, asked in reversed(list(enumerate(many))) if asked is not None}
    if not first:
        return {}
    locked = session.scalars(_TRY_LOCKS, {"names": list(first)})
    return dict(first[name] for name in locked)


def _find_many(session: Session, many: Sequence[Asked]) -> dict[str, Any]:
    """Return what is kept of these, by lock. Call it when they are locked: so it sees what was committed before."""
    if not many:
        return {}
    values = {"keys": [asked.key_id for asked in many], "names": [asked.idempotency_key for asked in many]}
    rows = session.execute(_FIND_MANY, values)
    return {_lock_of(row.key_id, row.idempotency_key): row for row in rows}


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
