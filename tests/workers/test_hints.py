"""What the listener runs and what it refuses: jobs put on a real Redis by RQ itself, by hand, and by an enemy."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq import Callback, Queue, Repeat, Retry
from rq.job import Job as RqJob
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from app.adapters.rq_jobs import QUEUE_NAME, RqCarrier, pending_key
from app.kernel.jobs import Job
from tests.workers.receivers import listening, reply
from workers.hints import MAX_ID_LENGTH, MAX_IDS, HintWorker
from workers.registry import TASKS
from workers.task import Tools

DRAIN = "workers.deliveries.drain"


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as connection:
        yield connection


@pytest.fixture
def queue(redis: Redis) -> Queue:
    return Queue(QUEUE_NAME, connection=redis, serializer=JSONSerializer)


@pytest.fixture
def work_off(redis_url: str, tools: Tools) -> Iterator[Callable[[], None]]:
    """Return what runs every job on the queue, as the listener does."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)}

    def burst() -> None:
        with Redis.from_url(redis_url) as connection:
            worker = HintWorker([QUEUE_NAME], connection=connection, serializer=JSONSerializer)
            worker.tools = tools
            worker.work(burst=True, logging_level="ERROR")

    yield burst
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_hint_wakes_the_loop_and_leaves_nothing_on_redis(
    redis_url: str, redis: Redis, work_off: Callable[[], None], tools: Tools
) -> None:
    RqCarrier(redis_url).send([Job(DRAIN)])
    work_off()
    assert tools.look_for_deliveries.is_set()
    assert not redis.exists(pending_key(Job(DRAIN)))
    assert list(redis.scan_iter("rq:job:*")) == []
    assert list(redis.scan_iter(f"*:{QUEUE_NAME}*")) == []


def test_a_hint_that_comes_after_the_pick_up_is_carried_again(
    redis_url: str, queue: Queue, work_off: Callable[[], None]
) -> None:
    carrier = RqCarrier(redis_url)
    carrier.send([Job(DRAIN)])
    work_off()
    carrier.send([Job(DRAIN)])
    assert queue.count == 1


CALLED: list[str] = []


def called(*args: object) -> None:
    """Note that a callback ran."""
    CALLED.append("callback")


REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "another function of ours": ("tests.workers.test_hints.called", {}),
    "a function of the registry's module": ("workers.deliveries.send_due", {}),
    "a builtin": ("builtins.exec", {"args": ["import os"]}),
    "a success callback": (DRAIN, {"on_success": Callback(called)}),
    "a failure callback": (DRAIN, {"on_failure": Callback(called)}),
    "a stopped callback": (DRAIN, {"on_stopped": Callback(called)}),
    "retries": (DRAIN, {"retry": Retry(max=3)}),
    "repeats": (DRAIN, {"repeat": Repeat(times=3)}),
    "named arguments": (DRAIN, {"kwargs": {"tools": "x"}}),
    "a number": (DRAIN, {"args": [1]}),
    "a list": (DRAIN, {"args": [["x"]]}),
    "a long argument": (DRAIN, {"args": ["x" * (MAX_ID_LENGTH + 1)]}),
    "many arguments": (DRAIN, {"args": ["x"] * (MAX_IDS + 1)}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_job_that_brings_more_than_a_name_and_ids_is_dropped(
    what: str, queue: Queue, redis: Redis, work_off: Callable[[], None], tools: Tools
) -> None:
    function, extras = REFUSED[what]
    CALLED.clear()
    job = queue.enqueue_call(function, **extras)
    work_off()
    assert not tools.look_for_deliveries.is_set()
    assert CALLED == []
    assert not redis.exists(job.key)
    assert queue.count == 0


def test_os_system_does_not_run(queue: Queue, work_off: Callable[[], None], tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for name in ("os.system", "posix.system", "subprocess.getoutput"):
        queue.enqueue(name, f"touch {mark}")
    work_off()
    assert not mark.exists()


def test_a_web_hook_is_not_called(queue: Queue, work_off: Callable[[], None], tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        queue.enqueue(DRAIN, webhooks=[Webhook(receiver.url, "finished"), Webhook(receiver.url, "failed")])
        work_off()
    assert receiver.requests == []
    assert not tools.look_for_deliveries.is_set()


def test_a_job_with_dependencies_is_dropped(
    queue: Queue, redis: Redis, work_off: Callable[[], None], tools: Tools
) -> None:
    job = queue.enqueue(DRAIN)
    redis.hset(job.key, "dependency_ids", '["other"]')
    work_off()
    assert not tools.look_for_deliveries.is_set()


class Trap:
    """A pickle that runs a command when it is read."""

    def __init__(self, mark: Path) -> None:
        self._mark = mark

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self._mark}",)


@pytest.mark.parametrize("part", ["data", "meta", "result"])
def test_a_pickle_is_never_read(
    part: str, queue: Queue, redis: Redis, work_off: Callable[[], None], tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    job = queue.enqueue(DRAIN)
    redis.hset(job.key, part, pickle.dumps(Trap(mark)))
    work_off()
    assert not mark.exists()


@pytest.mark.parametrize(
    "data", [b"", b"null", b"{}", b'["workers.deliveries.drain"]', b'[["a"], null, [], {}]', b"[1, 2, 3, 4]", b"\xff"]
)
def test_nonsense_is_dropped_and_the_next_hint_still_runs(
    data: bytes, queue: Queue, redis: Redis, work_off: Callable[[], None], tools: Tools
) -> None:
    broken = queue.enqueue(DRAIN)
    redis.hset(broken.key, "data", data)
    queue.enqueue(DRAIN)
    work_off()
    assert tools.look_for_deliveries.is_set()
    assert not redis.exists(broken.key)


def test_an_instance_is_refused(queue: Queue, redis: Redis, work_off: Callable[[], None], tools: Tools) -> None:
    job = queue.enqueue(DRAIN)
    redis.hset(job.key, "data", b'["workers.deliveries.drain", "an instance", [], {}]')
    work_off()
    assert not tools.look_for_deliveries.is_set()


def test_a_task_that_fails_does_not_end_the_listener(queue: Queue, work_off: Callable[[], None], tools: Tools) -> None:
    # The task takes no ids, so it fails when it gets one.
    queue.enqueue(DRAIN, "unexpected")
    queue.enqueue(DRAIN)
    work_off()
    assert tools.look_for_deliveries.is_set()


def test_a_hint_that_died_with_a_worker_is_forgotten(queue: Queue, redis: Redis, work_off: Callable[[], None]) -> None:
    redis.rpush(queue.intermediate_queue_key, "lost")
    work_off()
    assert not redis.exists(queue.intermediate_queue_key)


def test_every_name_of_the_registry_is_where_its_task_lives() -> None:
    for name, task in TASKS.items():
        assert f"{task.work.__module__}.{task.work.__name__}" == name
        assert task.timeout_seconds > 0


def test_rq_would_have_run_what_we_refuse(queue: Queue, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    job = queue.enqueue("os.system", f"touch {mark}")
    RqJob.fetch(job.id, connection=queue.connection, serializer=JSONSerializer).perform()
    assert mark.exists()
