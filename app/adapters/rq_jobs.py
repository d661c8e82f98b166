"""Carry job hints to the workers through Redis and RQ.

A hint says "look now"; the rows in PostgreSQL are the truth and the sweeper finds whatever was never carried. So this
never raises, never waits for long, and drops what is too much: the same hint is carried once until a worker has
picked it up, and a full queue or a Redis that does not answer only costs a log line. Called by the unit of work after
its commit. The listener of the workers takes the other end of this queue.
"""

from typing import Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from app.kernel.clock import monotonic_ms
from app.kernel.jobs import Job

QUEUE_NAME: Final = "proofdesk"
MAX_QUEUED: Final = 10_000
SOCKET_TIMEOUT_SECONDS: Final = 0.5
REST_AFTER_FAILURE_MS: Final = 3_000
# A hint that waited longer was overtaken by the sweeper long ago.
HINT_TTL_SECONDS: Final = 600
FAILURE_TTL_SECONDS: Final = 86_400
# Longer than any healthy worker needs to pick a hint up; a worker that died with it blocks the next for no longer.
COALESCE_SECONDS: Final = 5

_log = structlog.get_logger(__name__)


def pending_key(job: Job) -> str:
    """Return the Redis key that stands while a hint waits for a worker."""
    return f"proofdesk:pending:{':'.join((job.name, *job.ids))}"


class RqCarrier:
    """Hands jobs to RQ. Safe to call from several threads; connects when first used, so make one per process."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url,
            socket_timeout=SOCKET_TIMEOUT_SECONDS,
            socket_connect_timeout=SOCKET_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
        self._queue = Queue(QUEUE_NAME, connection=self._redis, serializer=JSONSerializer)
        self._rest_until_ms = 0

    def send(self, jobs: list[Job]) -> None:
        """Carry these hints if that is possible now. Never raises for the sake of Redis."""
        if not jobs or monotonic_ms() < self._rest_until_ms:
            return
        try:
            self._send(jobs)
        except (RedisError, OSError) as error:
            self._rest_until_ms = monotonic_ms() + REST_AFTER_FAILURE_MS
            _log.warning("job hints not sent, the sweeper will find the work", jobs=len(jobs), error=str(error))

    def _send(self, jobs: list[Job]) -> None:
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.llen(self._queue.key)
            for job in jobs:
                pipe.set(pending_key(job), 1, nx=True, ex=COALESCE_SECONDS)
            queued, *fresh = pipe.execute()
        wanted = [job for job, is_fresh in zip(jobs, fresh, strict=True) if is_fresh]
        if queued + len(wanted) > MAX_QUEUED:
            self._rest_until_ms = monotonic_ms() + REST_AFTER_FAILURE_MS
            _log.warning("job hints dropped, the queue is full", jobs=len(wanted), queued=queued)
            return
        if wanted:
            self._queue.enqueue_many([self._prepare(job) for job in wanted])

    def _prepare(self, job: Job) -> EnqueueData:
        return Queue.prepare_data(
            job.name, args=job.ids, ttl=HINT_TTL_SECONDS, result_ttl=0, failure_ttl=FAILURE_TTL_SECONDS
        )


def count_queued(redis_url: str) -> int:
    """Return how many hints no worker has picked up; 0 when Redis is away, which loses nothing."""
    redis = Redis.from_url(
        redis_url, socket_timeout=SOCKET_TIMEOUT_SECONDS, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS
    )
    with redis:
        try:
            return int(Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer).count)
        except (RedisError, OSError):
            return 0
