"""Count calls per key and minute on Redis, and ask Redis whether it is fit to carry jobs.

The count is a courtesy to everybody else, not a safeguard of data: when Redis is away, calls go through.
Wired by the factory.
"""

import threading
from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.edge.limits import WINDOW_SECONDS, Quota
from app.kernel.clock import monotonic_ms

log = structlog.get_logger(__name__)
_TIMEOUT_SECONDS: Final = 0.2
_REST_MS: Final = 5_000


class RedisLimiter:
    """Lets a key make so many calls in each minute of the clock.

    A process fetches calls by the hundredth of a minute's worth and counts those down itself, because to ask Redis at
    each call costs more than the count is worth: a key may be held up that much too early, never let through too late.
    """

    def __init__(self, redis_url: str, per_minute: int) -> None:
        self._redis = _connect(redis_url)
        self._per_minute = per_minute
        self._portion = max(1, per_minute // 100)
        # For a key and minute: the calls that are ours to make, and those left to all when they were fetched.
        self._left: dict[tuple[str, int], tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._away_until_ms = 0

    def count(self, key: str, now: datetime) -> Quota:
        """Count one call; what is over the limit waits until the next minute."""
        minute = int(now.timestamp()) // WINDOW_SECONDS
        with self._lock:
            left, common = self._left.get((key, minute), (0, 0))
            if left:
                self._left[key, minute] = (left - 1, common)
                return self._quota(now, common + left - 1)
        if monotonic_ms() < self._away_until_ms:
            return Quota()
        try:
            got, common = self._fetch(key, minute)
        except RedisError as error:
            self._away_until_ms = monotonic_ms() + _REST_MS
            log.warning("calls are not counted: redis is away", error=str(error))
            return Quota()
        if got <= 0:
            return replace(self._quota(now, 0), wait_seconds=WINDOW_SECONDS - now.second)
        with self._lock:
            self._left = {place: kept for place, kept in self._left.items() if place[1] == minute}
            before = self._left.get((key, minute), (0, 0))[0]
            self._left[key, minute] = (before + got - 1, common)
        return self._quota(now, common + got - 1)

    def _quota(self, now: datetime, left: int) -> Quota:
        return Quota(self._per_minute, left, WINDOW_SECONDS - now.second)

    def _fetch(self, key: str, minute: int) -> tuple[int, int]:
        """Take a portion of this minute's calls out of the common count.

        Returns how many of the portion may be made, and how many are left to all processes after it.
        """
        name = f"proofdesk:calls:{key}:{minute}"
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.incrby(name, self._portion)
            pipe.expire(name, 120)
            taken = int(pipe.execute()[0])
        return self._portion - max(0, taken - self._per_minute), max(0, self._per_minute - taken)


def redis_is_ready(redis_url: str) -> bool:
    """Say whether Redis answers and never evicts: with any other policy it would drop jobs under pressure."""
    try:
        with _connect(redis_url) as redis:
            policy = redis.config_get("maxmemory-policy").get("maxmemory-policy")
    except RedisError:
        return False
    return bool(policy == "noeviction")


def _connect(redis_url: str) -> Redis:
    return Redis.from_url(
        redis_url,
        socket_timeout=_TIMEOUT_SECONDS,
        socket_connect_timeout=_TIMEOUT_SECONDS,
        retry_on_timeout=False,
        decode_responses=True,
    )
