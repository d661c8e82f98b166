"""A connection whose answer came whole serves the next message to the same place; nothing is lost by keeping it."""

import socket
import threading

import pytest

from app.adapters import kept_connections
from app.adapters.http_sender import TIMED_OUT, HttpSender, Limits
from tests.workers.receivers import Conversation, Receiver, keeping, listening, reply

BODY = b'{"type":"submission.decided"}'


@pytest.fixture
def sender() -> HttpSender:
    return HttpSender(allow_private=True, limits=Limits(resolve=1.0, connect=1.0, total=0.7))


def _hang_up(connection: socket.socket, request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def _say_nothing(connection: socket.socket, request: bytes) -> None:
    connection.settimeout(5)
    connection.recv(1)


def send(sender: HttpSender, *talks: Conversation, times: int) -> tuple[Receiver, list[int | str | None]]:
    """Send so often to a receiver that holds these conversations on one connection, then the first on new ones."""
    receivers: list[Receiver] = []
    with listening(keeping(receivers, *talks)) as receiver:
        receivers.append(receiver)
        answers = [sender(receiver.url, {"webhook-id": f"msg_{n}"}, BODY) for n in range(times)]
    return receiver, [answer.status_code or answer.problem for answer in answers]


def test_the_next_message_goes_over_the_same_connection(sender: HttpSender) -> None:
    receiver, answers = send(sender, *[reply(200, body=b"thanks")] * 3, times=3)
    assert answers == [200, 200, 200]
    assert (receiver.connections, len(receiver.requests)) == (1 + 1, 3)  # the last connection ends the receiver
    assert [receiver.headers(n)["webhook-id"] for n in range(3)] == ["msg_0", "msg_1", "msg_2"]


def test_a_kept_connection_saves_the_look_up(sender: HttpSender) -> None:
    asked: list[str] = []

    def resolver(host: str, _: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    receivers: list[Receiver] = []
    sender = HttpSender(allow_private=True, resolver=resolver)
    with listening(keeping(receivers, reply(200), reply(200))) as receiver:
        receivers.append(receiver)
        for _ in range(2):
            assert sender(f"http://localhost:{receiver.port}/", {}, BODY).status_code == 200
    assert asked == ["localhost"]


@pytest.mark.parametrize("answer", [reply(200, "Connection: close"), reply(200)], ids=["said", "unsaid"])
def test_a_connection_that_the_receiver_ends_is_not_used_again(sender: HttpSender, answer: Conversation) -> None:
    receiver, answers = send(sender, answer, times=3)
    assert answers == [200, 200, 200]
    assert len(receiver.requests) == 3


def test_a_message_that_meets_a_connection_just_ended_goes_out_again_over_a_new_one(sender: HttpSender) -> None:
    receiver, answers = send(sender, reply(200), _hang_up, times=2)
    assert answers == [200, 200]
    assert [receiver.headers(n)["webhook-id"] for n in range(3)] == ["msg_0", "msg_1", "msg_1"]


def test_a_message_that_gets_no_answer_in_time_is_not_sent_again(sender: HttpSender) -> None:
    receiver, answers = send(sender, reply(200), _say_nothing, times=2)
    assert answers == [200, TIMED_OUT]
    assert len(receiver.requests) == 2


def test_an_answer_that_is_too_long_ends_its_connection(sender: HttpSender) -> None:
    receiver, answers = send(sender, reply(200, body=b"x" * 100_000), reply(200), times=2)
    assert answers == [200, 200]
    assert receiver.connections >= 2 + 1


def test_few_are_kept_and_none_for_long(sender: HttpSender, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(kept_connections.KEEP_AT_MOST + 2)

    def meet(connection: socket.socket, request: bytes) -> None:
        together.wait(5)
        reply(200)(connection, request)

    many = kept_connections.KEEP_AT_MOST + 2
    receivers: list[Receiver] = []
    with listening(keeping(receivers, meet, reply(200))) as receiver:
        receivers.append(receiver)
        threads = [threading.Thread(target=sender, args=(receiver.url, {}, BODY)) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (idle,) = sender._kept._idle.values()
        assert len(idle) == kept_connections.KEEP_AT_MOST
        before = receiver.connections
        monkeypatch.setattr(kept_connections, "KEEP_SECONDS", 0.0)
        assert sender._kept.take(("http", "127.0.0.1", receiver.port)) is None
        assert receiver.connections == before
    assert not sender._kept._idle.get(("http", "127.0.0.1", receiver.port))
