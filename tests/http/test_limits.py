"""How many calls a key may make in a minute, counted by several processes at once."""

from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from app.adapters.redis_limits import RedisLimiter
from app.kernel.ids import new_id
from tests.factories.servers import Servers

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)


@pytest.mark.parametrize("limit", [1, 60, 250, 205])
def test_a_process_lets_through_exactly_as_many_as_the_limit(servers: Servers, limit: int) -> None:
    limiter, key = RedisLimiter(servers.redis_url, limit), new_id().hex
    waits = [limiter.seconds_to_wait(key, NOON) for _ in range(limit + 2)]
    assert waits == [0] * limit + [40, 40]
    assert limiter.seconds_to_wait(new_id().hex, NOON) == 0
    assert limiter.seconds_to_wait(key, NOON + timedelta(minutes=1)) == 0


def test_two_processes_never_let_through_more_and_hold_up_a_hundredth_too_early(servers: Servers) -> None:
    limiters, key = [RedisLimiter(servers.redis_url, 1_000) for _ in range(2)], new_id().hex
    # One that is asked seldom, one that is asked often.
    passed = [limiters[n % 50 == 0].seconds_to_wait(key, NOON) == 0 for n in range(1_200)]
    assert 990 <= sum(passed) <= 1_000


def test_a_minute_that_is_over_takes_no_room(servers: Servers) -> None:
    limiter, key = RedisLimiter(servers.redis_url, 1_000), new_id().hex
    for minute in range(5):
        assert limiter.seconds_to_wait(key, NOON + timedelta(minutes=minute)) == 0
    assert len(limiter._left) == 1
    with Redis.from_url(servers.redis_url) as redis:
        assert all(0 < redis.ttl(name) <= 120 for name in redis.scan_iter(f"proofdesk:calls:{key}:*"))


def test_when_redis_is_away_calls_go_through() -> None:
    limiter = RedisLimiter("redis://127.0.0.1:1", 1)
    assert [limiter.seconds_to_wait("key", NOON) for _ in range(3)] == [0, 0, 0]
