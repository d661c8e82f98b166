"""The carrier of job hints: what it puts on Redis, and that a Redis in trouble never troubles its caller."""

import socket
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from app.adapters.rq_jobs import MAX_QUEUED, QUEUE_NAME, RqCarrier, pending_key
from app.kernel.clock import monotonic_ms
from app.kernel.jobs import Job

DRAIN = Job("workers.deliveries.drain")


def queue(redis_url: str) -> Queue:
    return Queue(QUEUE_NAME, connection=Redis.from_url(redis_url), serializer=JSONSerializer)


def test_a_job_is_a_name_and_ids_in_json(redis_url: str) -> None:
    RqCarrier(redis_url).send([Job("workers.claims.expire", ("cl_1", "cl_2"))])
    (job,) = queue(redis_url).jobs
    assert job.data == b'["workers.claims.expire", null, ["cl_1", "cl_2"], {}]'
    assert (job.result_ttl, job.failure_ttl, job.ttl) == (0, 86_400, 600)


def test_ten_thousand_hints_of_one_kind_are_one_job(redis_url: str) -> None:
    carrier = RqCarrier(redis_url)
    for _ in range(100):
        carrier.send([DRAIN] * 100)
    assert queue(redis_url).count == 1


def test_a_hint_is_carried_again_once_a_worker_has_picked_it_up(redis_url: str) -> None:
    carrier = RqCarrier(redis_url)
    carrier.send([DRAIN])
    with Redis.from_url(redis_url) as connection:
        connection.delete(pending_key(DRAIN))
    carrier.send([DRAIN])
    assert queue(redis_url).count == 2


def test_hints_about_other_ids_are_other_jobs(redis_url: str) -> None:
    RqCarrier(redis_url).send([Job("workers.claims.expire", (text,)) for text in "aab"])
    assert [job.args for job in queue(redis_url).jobs] == [["a"], ["b"]]


def test_a_hint_that_no_worker_picks_up_does_not_block_the_next_for_long(redis_url: str) -> None:
    RqCarrier(redis_url).send([DRAIN])
    with Redis.from_url(redis_url) as connection:
        assert 0 < connection.ttl(pending_key(DRAIN)) <= 5


def test_a_full_queue_drops_the_hint(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        connection.rpush(queue(redis_url).key, *["x"] * MAX_QUEUED)
        RqCarrier(redis_url).send([DRAIN])
        assert connection.llen(queue(redis_url).key) == MAX_QUEUED


def test_no_jobs_need_no_redis(tmp_path: Path) -> None:
    start_ms = monotonic_ms()
    RqCarrier(f"unix://{tmp_path}/none").send([])
    assert monotonic_ms() - start_ms < 400


@pytest.mark.parametrize("jobs", [1, 1_000])
def test_a_redis_that_is_not_there_costs_a_moment_and_no_exception(tmp_path: Path, jobs: int) -> None:
    carrier = RqCarrier(f"unix://{tmp_path}/none")
    start_ms = monotonic_ms()
    for _ in range(100):
        carrier.send([DRAIN] * jobs)
    assert monotonic_ms() - start_ms < 1_000


def test_a_redis_that_hangs_is_asked_once_and_then_left_alone() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        carrier = RqCarrier(f"redis://127.0.0.1:{server.getsockname()[1]}/0")
        start_ms = monotonic_ms()
        carrier.send([DRAIN])
        first_ms = monotonic_ms() - start_ms
        for _ in range(50):
            carrier.send([DRAIN])
        assert 300 < first_ms < 2_000
        assert monotonic_ms() - start_ms - first_ms < 300


def test_a_redis_that_refuses_to_write_raises_nothing(redis_url: str) -> None:
    with Redis.from_url(redis_url) as connection:
        # A key of the wrong type makes the commands of the carrier fail.
        connection.set(queue(redis_url).key, "no list")
        RqCarrier(redis_url).send([DRAIN])
        assert connection.get(queue(redis_url).key) == b"no list"
