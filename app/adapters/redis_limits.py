"""Count calls per key and minute on Redis, and ask Redis whether it is fit to carry jobs.

The count is a courtesy to everybody else, not a safeguard of data: when Redis is away, calls go through.
Wired by the factory.
"""

from datetime import datetime
from typing import Final

import structlog
from redis import Redis
from redis.exceptions import RedisError

from app.kernel.clock import monotonic_ms

log = structlog.get_logger(__name__)
_TIMEOUT_SECONDS: Final = 0.2
_REST_MS: Final = 5_000


class RedisLimiter:
    """Lets a key make so many calls in each minute of the clock."""

    def __init__(self, redis_url: str, per_minute: int) -> None:
        self._redis = _connect(redis_url)
        self._per_minute = per_minute
        self._away_until_ms = 0

    def seconds_to_wait(self, key: str, now: datetime) -> int:
        """Count one call; return 0 when it may go on, else the seconds until the next minute."""
        if monotonic_ms() < self._away_until_ms:
            return 0
        name = f"proofdesk:calls:{key}:{int(now.timestamp()) // 60}"
        try:
            with self._redis.pipeline(transaction=False) as pipe:
                pipe.incr(name)
                pipe.expire(name, 120)
                calls = int(pipe.execute()[0])
        except RedisError as error:
            self._away_until_ms = monotonic_ms() + _REST_MS
            log.warning("calls are not counted: redis is away", error=str(error))
            return 0
        return 0 if calls <= self._per_minute else 60 - now.second


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
