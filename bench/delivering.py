"""How fast webhooks leave: everything that is due, to a receiver on loopback, by the worker of `proofdesk worker`.

Bodies are sealed, every message is signed, every try is kept and stands in the trail. Beside it stands RQ as programs
use it for webhooks: one job each, carried out by its fastest kind of worker (one that forks nothing), which does
nothing but post the same number of bytes over a connection that it keeps. Both are timed from the first arrival to the
last.
"""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import urllib3
from redis import Redis
from rq import Queue
from sqlalchemy import insert

from app.audit.rules import COMMAND
from app.delivery.models import Delivery
from app.delivery.rules.retries import DUE
from app.delivery.service import BODY_PURPOSE, register_endpoint
from app.identity.service import create_workspace
from app.intake.service import Accepted, Sender, submit_each
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_ids
from app.submissions.queries import data_keys
from app.submissions.service import TaskTypeDefinition, define_task_type
from bench.fill import SCHEMA

WEBHOOKS: Final = 10_000
JOBS: Final = 2_000
BODY: Final = b'{"type":"submission.decided","data":"' + b"x" * 1_500 + b'"}'
PATIENCE_SECONDS: Final = 300.0
_ANSWER: Final = b"HTTP/1.1 204 No Content\r\n\r\n"


@dataclass(frozen=True)
class Receiver:
    """A program that answers 204 to whatever comes; the counters are shared with it."""

    url: str
    count: Any
    first: Any
    last: Any

    def begin_anew(self) -> None:
        """Forget what has come."""
        self.count.value, self.first.value, self.last.value = 0, 0.0, 0.0

    def per_second(self, expected: int) -> float:
        """Wait until so many have come, and return how many came in a second.

        Raises:
            RuntimeError: they never came.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while self.count.value < expected:
            if time.monotonic() > end:
                raise RuntimeError(f"only {self.count.value} of {expected} webhooks came")
            time.sleep(0.01)
        return float((expected - 1) / (self.last.value - self.first.value))


class _Talk(asyncio.Protocol):
    """Answers each request that is whole; counts on the way."""

    def __init__(self, count: Any, first: Any, last: Any) -> None:
        self._count, self._first, self._last = count, first, last
        self._got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        self._got += data
        while True:
            head, found, rest = self._got.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
            if not found or len(rest) < length:
                return
            self._got = rest[length:]
            self._count.value += 1
            self._last.value = time.monotonic()
            self._first.value = self._first.value or self._last.value
            self._transport.write(_ANSWER)


def _serve(port: Any, count: Any, first: Any, last: Any) -> None:
    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(lambda: _Talk(count, first, last), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(serve())


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver in a process of its own."""
    context = multiprocessing.get_context("spawn")
    port, count, first, last = (context.Value(kind, 0) for kind in ("i", "q", "d", "d"))
    process = context.Process(target=_serve, args=(port, count, first, last), daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.01)
    try:
        yield Receiver(f"http://127.0.0.1:{port.value}/hook", count, first, last)
    finally:
        process.terminate()
        process.join()


def fill_outbox(database: Database, url: str, *, webhooks: int = WEBHOOKS) -> None:
    """Make so many deliveries that are due now, each of a submission of its own."""
    with database.unit_of_work() as session:
        now = read_now(session)
        workspace_id = create_workspace(session, now=now, name=f"Delivering {os.urandom(4).hex()}").id
        definition = TaskTypeDefinition(name="address", output_schema=SCHEMA)
        define_task_type(session, now=now, actor=COMMAND, workspace_id=workspace_id, definition=definition)
        endpoint = register_endpoint(
            session,
            now=now,
            actor=COMMAND,
            workspace_id=workspace_id,
            url=url,
            types=["submission.decided"],
            allow_private=True,
        ).endpoint
        body = b'{"task_type":"address","output":{"city":"Bern","zip":"3011"}}'
        document = {"task_type": "address", "output": {"city": "Bern", "zip": "3011"}}
        sender = Sender(COMMAND, workspace_id, None)
        made = submit_each(session, now=now, sender=sender, elements=[(body, document)] * webhooks)
        keys = data_keys(session, submission_ids=[one.submission_id for one in made if isinstance(one, Accepted)])
        rows = []
        for accepted, delivery_id in zip(made, new_ids(webhooks), strict=True):
            if isinstance(accepted, Exception):
                raise accepted
            rows.append(
                {
                    "id": delivery_id,
                    "workspace_id": workspace_id,
                    "endpoint_id": endpoint.id,
                    "submission_id": accepted.submission_id,
                    "type": "submission.decided",
                    "body": keys[accepted.submission_id].seal(BODY, purpose=BODY_PURPOSE),
                    "state": DUE,
                    "due_at": now,
                    "next_attempt_at": now,
                }
            )
        session.execute(insert(Delivery), rows)


@cache
def _connections() -> urllib3.PoolManager:
    return urllib3.PoolManager()


def post_one(url: str) -> int:
    """Do the job of RQ: post one body."""
    return _connections().request("POST", url, body=BODY, headers={"Content-Type": "application/json"}).status


def by_rq(redis_url: str, receiver: Receiver, *, jobs: int = JOBS) -> float:
    """Return how many webhooks a second RQ sends, one job each."""
    receiver.begin_anew()
    name = f"bench {os.urandom(4).hex()}"
    with Redis.from_url(redis_url) as redis:
        queue = Queue(name, connection=redis)
        queue.enqueue_many([Queue.prepare_data(post_one, args=(receiver.url,)) for _ in range(jobs)])
    command = [sys.executable, "-m", "rq.cli", "worker", "--burst", "--quiet", "--url", redis_url]
    command += ["--worker-class", "rq.worker.SimpleWorker", name]
    with subprocess.Popen(command) as worker:
        rate = receiver.per_second(jobs)
        worker.wait(PATIENCE_SECONDS)
    return rate
