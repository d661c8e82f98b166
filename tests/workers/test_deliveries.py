"""Handing over what is due: real receivers, a real database, the receivers' own library."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from standardwebhooks.webhooks import Webhook

from app.adapters.http_sender import HttpSender, Limits
from app.delivery.rules.retries import DELIVERED, DUE, PARKED
from app.kernel.db import Database
from app.kernel.jobs import Job
from app.kernel.sealing import Vault
from tests.workers.conftest import Desk
from tests.workers.processes import eventually
from tests.workers.receivers import Conversation, listening, reply
from workers.deliveries import BUSY_ENDPOINT, CANNOT_OPEN, SLOTS, drain, send_due
from workers.task import Tools


def make_due(database: Database) -> None:
    """Let every delivery be due now."""
    with database.unit_of_work() as session:
        session.execute(text("UPDATE deliveries SET next_attempt_at = clock_timestamp() WHERE state = 'due'"))


def in_turn(*conversations: Conversation) -> Conversation:
    """Return a conversation that goes one way the first time, another way the second time."""
    turns = iter(conversations)

    def converse(connection: socket.socket, request: bytes) -> None:
        next(turns)(connection, request)

    return converse


def test_the_official_library_accepts_what_arrives(desk: Desk, tools: Tools) -> None:
    with listening(reply(204)) as receiver:
        endpoint, secret = desk.register(receiver.url)
        submission_id = desk.decide(endpoint)
        assert send_due(tools) == 1
    message = Webhook(secret).verify(receiver.body(), receiver.headers())
    (delivery,) = desk.deliveries()
    assert receiver.headers()["webhook-id"] == f"msg_{delivery.id.hex}"
    assert set(message) == {"type", "timestamp", "data"}
    assert (message["type"], message["data"]["id"]) == ("submission.decided", f"sub_{submission_id.hex}")
    assert (delivery.state, delivery.attempts) == (DELIVERED, 1)


def hang_up(connection: socket.socket, request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def test_every_try_has_the_same_id_and_bytes_and_its_own_signature(desk: Desk, tools: Tools) -> None:
    with listening(in_turn(reply(500), hang_up, reply(302, "Location: /"), reply(200))) as receiver:
        endpoint, secret = desk.register(receiver.url)
        desk.decide(endpoint)
        for _ in range(4):
            assert send_due(tools) == 1
            make_due(desk.database)
        assert send_due(tools) == 0
    assert len(receiver.requests) == 4
    assert len({receiver.headers(n)["webhook-id"] for n in range(4)}) == 1
    assert len({receiver.body(n) for n in range(4)}) == 1
    for number in range(4):
        Webhook(secret).verify(receiver.body(number), receiver.headers(number))
    assert [(kept.attempt, kept.status_code) for kept in desk.attempts()] == [(1, 500), (2, None), (3, 302), (4, 200)]


def test_a_decision_that_may_still_be_undone_does_not_leave(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        desk.decide(desk.register(receiver.url)[0], at_desk=True)
        assert send_due(tools) == 0
    assert receiver.requests == []


def test_410_parks_and_nothing_more_is_sent_there(desk: Desk, tools: Tools) -> None:
    with listening(reply(410)) as receiver:
        endpoint, _ = desk.register(receiver.url)
        desk.decide(endpoint)
        send_due(tools)
        desk.decide(endpoint)
        send_due(tools)
    assert len(receiver.requests) == 1
    assert [delivery.state for delivery in desk.deliveries()] == [PARKED, PARKED]


def test_many_deliveries_arrive_once_each_though_two_senders_look(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        endpoint, _ = desk.register(receiver.url)
        for _ in range(40):
            desk.decide(endpoint)
        others = [threading.Thread(target=send_due, args=(tools,)) for _ in range(2)]
        for other in others:
            other.start()
        for other in others:
            other.join(30)
    ids = [receiver.headers(n)["webhook-id"] for n in range(len(receiver.requests))]
    assert len(ids) == 40
    assert set(ids) == {f"msg_{delivery.id.hex}" for delivery in desk.deliveries()}
    assert {delivery.state for delivery in desk.deliveries()} == {DELIVERED}


def test_an_endpoint_that_hangs_does_not_hold_up_the_others(desk: Desk) -> None:
    let_go, arrived = threading.Event(), threading.Event()

    def hang(connection: socket.socket, request: bytes) -> None:
        let_go.wait(20)

    def arrive(connection: socket.socket, request: bytes) -> None:
        reply(200)(connection, request)
        arrived.set()

    with listening(hang) as hanging, listening(arrive) as healthy:
        slow, fast = desk.register(hanging.url)[0], desk.register(healthy.url)[0]
        for _ in range(SLOTS + 2):
            desk.decide(slow)
        desk.decide(fast)
        # Patient, so that whoever is held up stays so for longer than this test waits, on however busy a machine.
        patient = Tools(desk.database, HttpSender(allow_private=True, limits=Limits(total=30.0)))
        sending = threading.Thread(target=send_due, args=(patient,))
        sending.start()
        came_through = arrived.wait(10)
        filled = eventually(hanging.has(BUSY_ENDPOINT), within_seconds=5)
        threading.Event().wait(0.3)
        at_once = len(hanging.requests)
        patient.end()
        let_go.set()
        sending.join(30)
    assert came_through
    assert filled
    assert at_once < SLOTS


def test_a_long_backlog_that_is_sent_quickly_holds_up_nobody_else(desk: Desk, tools: Tools) -> None:
    order: list[str] = []

    def note(name: str) -> Conversation:
        def converse(connection: socket.socket, request: bytes) -> None:
            order.append(name)
            threading.Event().wait(0.02)
            reply(204)(connection, request)

        return converse

    with listening(note("many")) as quick, listening(note("few")) as other:
        many, few = desk.register(quick.url)[0], desk.register(other.url)[0]
        for _ in range(300):
            desk.decide(many)
        desk.decide(few)
        send_due(tools)
    assert len(order) == 301
    assert order.index("few") < 150


def test_what_cannot_be_opened_is_a_failed_try_and_holds_nobody_up(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        endpoint, _ = desk.register(receiver.url)
        erased = desk.decide(endpoint)
        desk.decide(endpoint)
        with desk.database.unit_of_work() as session:
            session.execute(text("DELETE FROM contents WHERE submission_id = :id"), {"id": erased})
        assert send_due(tools) == 1
    assert len(receiver.requests) == 1
    lost, sent = desk.deliveries()
    assert (lost.state, lost.attempts, sent.state) == (DUE, 1, DELIVERED)
    assert [kept.problem for kept in desk.attempts()] == [CANNOT_OPEN, None]


def nowhere(jobs: list[Job]) -> None:
    """Carry no job."""


def test_a_worker_with_another_installations_secret_sends_nothing(desk: Desk, tools: Tools) -> None:
    stranger = Database(desk.database.engine, Vault("some other installation 0123456789 abcdef"), nowhere)
    with listening(reply(200)) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        send_due(Tools(stranger, tools.sender))
    assert receiver.requests == []
    assert desk.attempts()[0].problem == CANNOT_OPEN


@contextmanager
def failing_inserts(database: Database, times: int) -> Iterator[list[int]]:
    """Lose the connection at the next `times` writes of a try."""
    failures: list[int] = []

    def fail(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if "INSERT INTO delivery_attempts" in statement and len(failures) < times:
            failures.append(1)
            raise OperationalError(statement, {}, ConnectionError("gone"))

    event.listen(database.engine, "before_cursor_execute", fail)
    try:
        yield failures
    finally:
        event.remove(database.engine, "before_cursor_execute", fail)


def test_an_answer_outlives_a_database_that_goes_away_for_a_moment(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver, failing_inserts(desk.database, 2) as failures:
        desk.decide(desk.register(receiver.url)[0])
        send_due(tools)
    assert (len(failures), len(receiver.requests)) == (2, 1)
    assert [delivery.state for delivery in desk.deliveries()] == [DELIVERED]


def test_what_is_under_way_when_the_database_goes_away_is_recorded(desk: Desk, tools: Tools) -> None:
    taken: list[int] = []

    def fail(conn: object, cursor: object, statement: str, *rest: object) -> None:
        if "FOR UPDATE SKIP LOCKED" in statement:
            taken.append(1)
            # The second look, beside the sending.
            if len(taken) == 2:
                raise OperationalError(statement, {}, ConnectionError("gone"))

    def slowly(connection: socket.socket, request: bytes) -> None:
        threading.Event().wait(0.8)
        reply(200)(connection, request)

    with listening(slowly) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        event.listen(desk.database.engine, "before_cursor_execute", fail)
        try:
            with pytest.raises(OperationalError):
                send_due(tools)
        finally:
            event.remove(desk.database.engine, "before_cursor_execute", fail)
    assert [delivery.state for delivery in desk.deliveries()] == [DELIVERED]
    assert len(receiver.requests) == 1


def test_an_answer_that_was_lost_is_made_up_for_when_the_lease_ends(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        with failing_inserts(desk.database, 1_000):
            tools.stop.clear()
            threading.Timer(0.1, tools.end).start()
            send_due(tools)
        (delivery,) = desk.deliveries()
        assert (delivery.state, delivery.attempts) == (DUE, 0)
        assert delivery.leased_until is not None
        assert send_due(Tools(tools.database, tools.sender)) == 0
        make_due(desk.database)
        assert send_due(Tools(tools.database, tools.sender)) == 1
    assert receiver.requests[0].split(b"\r\n\r\n")[1] == receiver.requests[1].split(b"\r\n\r\n")[1]
    assert [delivery.state for delivery in desk.deliveries()] == [DELIVERED]


def test_nothing_new_is_begun_when_the_process_is_to_stop(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        tools.end()
        assert send_due(tools) == 0
    assert receiver.requests == []


def test_no_transaction_is_open_while_a_receiver_is_awaited(desk: Desk, tools: Tools) -> None:
    open_transactions: list[int] = []

    def look(connection: socket.socket, request: bytes) -> None:
        with desk.database.engine.connect() as looking:
            open_transactions.append(
                looking.scalar(
                    text(
                        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                        " AND pid <> pg_backend_pid() AND xact_start IS NOT NULL"
                        # What PostgreSQL cleans up by itself meanwhile is no transaction of ours.
                        " AND backend_type = 'client backend'"
                        " AND xact_start < clock_timestamp() - interval '200 ms'"
                    )
                )
                or 0
            )
        reply(200)(connection, request)

    def wait_and_look(connection: socket.socket, request: bytes) -> None:
        threading.Event().wait(0.3)
        look(connection, request)

    with listening(wait_and_look) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        send_due(tools)
    assert open_transactions == [0]


def test_the_job_only_wakes_the_loop(tools: Tools) -> None:
    assert not tools.look_for_deliveries.is_set()
    drain(tools)
    assert tools.look_for_deliveries.is_set()


def test_the_body_is_sealed_until_it_leaves(desk: Desk, tools: Tools) -> None:
    with listening(reply(200)) as receiver:
        desk.decide(desk.register(receiver.url)[0])
        (delivery,) = desk.deliveries()
        send_due(tools)
    assert b"submission.decided" in receiver.body()
    assert b"submission" not in delivery.body
