"""A receiver that fails in every way that receivers do: each message arrives or is parked, and none out of order."""

import random
import socket
import threading
from collections import defaultdict
from contextlib import suppress
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text

from app.adapters.http_sender import HttpSender, Limits
from app.audit.models import Event
from app.delivery.models import Delivery
from app.delivery.rules.retries import DELIVERED, DUE, PARKED, WAITS_SECONDS
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.reports.invariants import check_invariants
from tests.workers.conftest import Desk
from tests.workers.receivers import Receiver, listening, reply
from workers.deliveries import send_due
from workers.task import Tools

ENDS = ("delivery.delivered", "delivery.parked")
ROUNDS = len(WAITS_SECONDS) + 2


class Moods:
    """How the receiver takes each request: 30 % are answered 500, others late, never, torn off or byte by byte."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # moods, no secret
        self._lock = threading.Lock()
        self.taken: list[str] = []

    def converse(self, connection: socket.socket, request: bytes) -> None:
        """Answer in some way; keep the id of what was taken, in order."""
        head = request.partition(b"\r\n\r\n")[0].decode().lower()
        webhook_id = next(line.partition(": ")[2] for line in head.split("\r\n") if line.startswith("webhook-id: "))
        with self._lock:
            mood = self._random.random()
        if mood < 0.30:
            reply(500)(connection, request)
        elif mood < 0.33:
            self._say_nothing(connection)
        elif mood < 0.36:
            self._drip(connection)
        elif mood < 0.42:
            # A reset: what was sent and not read is thrown away on both sides.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        elif mood < 0.45:
            connection.sendall(b"HTTP/1.1 2")
        else:
            with self._lock:
                self.taken.append(webhook_id)
            reply(204)(connection, request)

    @staticmethod
    def _say_nothing(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(1)

    @staticmethod
    def _drip(connection: socket.socket) -> None:
        connection.settimeout(0.05)
        with suppress(OSError):
            for byte in b"HTTP/1.1 200 OK\r\n" + b"x" * 200:
                connection.sendall(bytes([byte]))
                with suppress(TimeoutError):
                    if not connection.recv(1):
                        return


def overturn(database: Database, submissions: list[UUID]) -> None:
    """Put a second message about each of these into the outbox, as an overturned decision does."""
    with database.unit_of_work() as session:
        first = session.scalars(select(Delivery).where(Delivery.submission_id.in_(submissions))).all()
        now = read_now(session)
        rows = [
            {
                "id": new_id(),
                "workspace_id": one.workspace_id,
                "endpoint_id": one.endpoint_id,
                "submission_id": one.submission_id,
                "decision_id": one.decision_id,
                "type": "submission.superseded",
                "body": one.body,
                "state": DUE,
                "due_at": now,
                "next_attempt_at": now,
            }
            for one in first
        ]
        session.execute(insert(Delivery), rows)


def let_time_pass(database: Database) -> None:
    """Let the next try of everything be due, and every rest be over."""
    well = "resting_until = NULL, rests = 0, failures = 0, failing_since = NULL"
    due = "next_attempt_at = clock_timestamp(), leased_until = NULL"
    with database.unit_of_work() as session:
        session.execute(text(f"UPDATE endpoints SET {well}"))  # noqa: S608  # constants
        session.execute(text(f"UPDATE deliveries SET {due} WHERE state = 'due'"))  # noqa: S608  # constants


@pytest.mark.parametrize("decisions", [100, pytest.param(2_000, marks=pytest.mark.soak)])
def test_every_decision_arrives_or_is_parked_and_none_out_of_order(
    desk: Desk, database: Database, decisions: int
) -> None:
    moods = Moods(decisions)
    with listening(moods.converse) as receiver:
        endpoint, _ = desk.register(receiver.url)
        submissions = [desk.decide(endpoint) for _ in range(decisions)]
        overturn(database, submissions[::4])
        rounds = _send_all(database, receiver)
    assert rounds <= ROUNDS * 4
    deliveries = desk.deliveries()
    assert len(deliveries) == decisions + len(submissions[::4])
    assert {delivery.state for delivery in deliveries} <= {DELIVERED, PARKED}
    arrived = set(moods.taken)
    assert all(f"msg_{one.id.hex}" in arrived for one in deliveries if one.state == DELIVERED)
    assert all(one.attempts == len(WAITS_SECONDS) for one in deliveries if one.state == PARKED)
    _assert_order(desk, moods)
    with database.unit_of_work() as session:
        assert check_invariants(session) == []
        ends = session.scalars(select(Event.subject_id).where(Event.type.in_(ENDS)))
        assert sorted(ends) == sorted(delivery.id for delivery in deliveries)


def _send_all(database: Database, receiver: Receiver) -> int:
    """Send with two processes' worth of workers until nothing is due; return the number of rounds."""
    sender = HttpSender(allow_private=True, limits=Limits(resolve=1.0, connect=1.0, total=0.5))
    for number in range(1, 200):
        workers = [threading.Thread(target=send_due, args=(Tools(database, sender),)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        let_time_pass(database)
        with database.unit_of_work() as session:
            if session.scalar(select(Delivery.id).where(Delivery.state == DUE).limit(1)) is None:
                return number
    raise AssertionError(f"some are due for ever; {len(receiver.requests)} requests came")


def _assert_order(desk: Desk, moods: Moods) -> None:
    first_taken = {webhook_id: place for place, webhook_id in reversed(list(enumerate(moods.taken)))}
    last_taken = {webhook_id: place for place, webhook_id in enumerate(moods.taken)}
    by_submission: dict[UUID, list[Delivery]] = defaultdict(list)
    for delivery in desk.deliveries():
        by_submission[delivery.submission_id].append(delivery)
    for first, *later in by_submission.values():
        for second in later:
            ours, theirs = f"msg_{first.id.hex}", f"msg_{second.id.hex}"
            if ours in last_taken and theirs in first_taken:
                assert last_taken[ours] < first_taken[theirs]
