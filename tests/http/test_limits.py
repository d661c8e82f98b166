"""How many calls a key may make in a minute, counted by several processes at once."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from app.adapters.redis_limits import RedisLimiter
from app.factory import create_app
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.site import make_site

NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)


@pytest.mark.parametrize("limit", [1, 60, 250, 205])
def test_a_process_lets_through_exactly_as_many_as_the_limit(servers: Servers, limit: int) -> None:
    limiter, key = RedisLimiter(servers.redis_url, limit), new_id().hex
    waits = [limiter.count(key, NOON).wait_seconds for _ in range(limit + 2)]
    assert waits == [0] * limit + [40, 40]
    assert limiter.count(new_id().hex, NOON).wait_seconds == 0
    assert limiter.count(key, NOON + timedelta(minutes=1)).wait_seconds == 0


def test_two_processes_never_let_through_more_and_hold_up_a_hundredth_too_early(servers: Servers) -> None:
    limiters, key = [RedisLimiter(servers.redis_url, 1_000) for _ in range(2)], new_id().hex
    # One that is asked seldom, one that is asked often.
    passed = [limiters[n % 50 == 0].count(key, NOON).wait_seconds == 0 for n in range(1_200)]
    assert 990 <= sum(passed) <= 1_000


def test_a_minute_that_is_over_takes_no_room(servers: Servers) -> None:
    limiter, key = RedisLimiter(servers.redis_url, 1_000), new_id().hex
    for minute in range(5):
        assert limiter.count(key, NOON + timedelta(minutes=minute)).wait_seconds == 0
    assert len(limiter._left) == 1
    with Redis.from_url(servers.redis_url) as redis:
        assert all(0 < redis.ttl(name) <= 120 for name in redis.scan_iter(f"proofdesk:calls:{key}:*"))


def test_what_is_left_is_counted_down_over_processes_and_said_in_the_headers(
    servers: Servers, database: Database, database_url: str
) -> None:
    settings = Settings(database_url, servers.redis_url, SECRET, rate_limit_per_minute=200)
    sites = [make_site(create_app(settings, database=database), name) for name in ("One", "Two")]
    left = []
    for site in sites:
        answer = site.call("GET", "/submissions", key=sites[0].keys["all"])
        assert answer.headers["RateLimit-Policy"] == '"default";q=200;w=60'
        said = re.fullmatch(r'"default";r=([0-9]+);t=([0-9]+)', answer.headers["RateLimit"])
        assert said is not None
        left.append(int(said[1]))
        assert 1 <= int(said[2]) <= 60
    # The second process counts two of its own ahead, beside what the first took.
    assert left[0] == 199
    assert left[1] < left[0]


def test_when_redis_is_away_calls_go_through() -> None:
    limiter = RedisLimiter("redis://127.0.0.1:1", 1)
    assert [limiter.count("key", NOON).wait_seconds for _ in range(3)] == [0, 0, 0]
