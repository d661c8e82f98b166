"""A bell between processes: whoever numbers the feed rings it, and requests that wait wake up and look again.

Redis carries it by publish and subscribe. A ring says that something may be new, never what; one that is lost costs
a moment, because who waits looks again by itself. Called by the edge and the workers.
"""

import threading
from collections.abc import Iterable
from typing import Final

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

CHANNEL: Final = "proofdesk:bell"
#: How often who waits looks anyway: while the bell works, and while it does not.
LOOK_SECONDS: Final = 5.0
LOOK_SECONDS_ALONE: Final = 0.25
_RECONNECT_SECONDS: Final = 1.0
_TIMEOUT_SECONDS: Final = 2.0
# Redis may have gone away without a word; a subscriber that hears nothing asks.
_PING_SECONDS: Final = 5.0
_TOPICS_AT_ONCE: Final = 500

_log = structlog.get_logger(__name__)


def connect(redis_url: str) -> Redis:
    """Return a connection for ringing, which gives up soon; it connects when first used."""
    return Redis.from_url(redis_url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0))


def ring(redis: Redis, topics: Iterable[str]) -> None:
    """Wake whoever waits for one of these topics, in any process. Never raises for the sake of Redis."""
    names = list(topics)
    try:
        with redis.pipeline(transaction=False) as pipe:
            for start in range(0, len(names), _TOPICS_AT_ONCE):
                pipe.publish(CHANNEL, " ".join(names[start : start + _TOPICS_AT_ONCE]))
            pipe.execute()
    except (RedisError, OSError) as error:
        _log.warning("bell not rung, who waits looks by itself", error=str(error))


class RedisBell:
    """One process's ear: one subscription for all its waiting requests, begun when the first one waits."""

    def __init__(self, redis_url: str) -> None:
        self._redis_url = redis_url
        self._rung = threading.Condition()
        self._counts: dict[str, int] = {}
        self._waiting: dict[str, int] = {}
        self._hears = False
        self._thread: threading.Thread | None = None

    def enter(self, topic: str) -> None:
        """Begin to wait for a topic; `leave` ends it."""
        with self._rung:
            self._waiting[topic] = self._waiting.get(topic, 0) + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="bell", daemon=True)
                self._thread.start()

    def leave(self, topic: str) -> None:
        """End to wait for a topic."""
        with self._rung:
            self._waiting[topic] -= 1
            if not self._waiting[topic]:
                del self._waiting[topic]
                self._counts.pop(topic, None)

    def heard(self, topic: str) -> int:
        """Return how often a topic was rung since somebody began to wait for it. Read it before looking."""
        with self._rung:
            return self._counts.get(topic, 0)

    def wait(self, topic: str, heard: int, *, at_most_seconds: float) -> None:
        """Return when the topic was rung again, or when it is time to look anyway."""
        with self._rung:
            patience = min(at_most_seconds, LOOK_SECONDS if self._hears else LOOK_SECONDS_ALONE)
            self._rung.wait_for(lambda: self._counts.get(topic, 0) != heard, patience)

    def _listen(self) -> None:
        pause = threading.Event()
        while True:
            try:
                self._subscribe()
            except (RedisError, OSError) as error:
                _log.warning("bell not heard, who waits looks by itself", error=str(error))
            finally:
                with self._rung:
                    self._hears = False
            pause.wait(_RECONNECT_SECONDS)

    def _subscribe(self) -> None:
        redis = Redis.from_url(
            self._redis_url, socket_connect_timeout=_TIMEOUT_SECONDS, health_check_interval=_PING_SECONDS
        )
        with redis, redis.pubsub() as subscription:  # type: ignore[no-untyped-call]  # redis-py leaves it out
            subscription.subscribe(CHANNEL)
            while True:
                message = subscription.get_message(timeout=_PING_SECONDS)
                if message is None:
                    continue
                if message["type"] == "subscribe":
                    with self._rung:
                        self._hears = True
                elif message["type"] == "message":
                    self._ring(message["data"])

    def _ring(self, names: bytes) -> None:
        with self._rung:
            for name in names.decode("ascii", "replace").split():
                if name in self._waiting:
                    self._counts[name] = self._counts.get(name, 0) + 1
            self._rung.notify_all()
