"""The sender against receivers on loopback: what it sends, where it refuses to go, and how it survives bad company."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address

import pytest
from cryptography import x509

from app.adapters.http_sender import (
    ADDRESS_REFUSED,
    BAD_TLS,
    BROKEN,
    TIMED_OUT,
    UNREACHABLE,
    UNRESOLVED,
    URL_REFUSED,
    HttpSender,
    Limits,
)
from app.kernel.clock import monotonic_ms
from tests.workers.certificates import Authority
from tests.workers.receivers import Conversation, Receiver, listening, reply

BODY = b'{"type":"submission.decided"}'
SHORT = Limits(resolve=0.5, connect=0.5, total=0.8)


def answering(*addresses: str) -> Callable[[str, int], list[str]]:
    def resolver(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolver


to_loopback = answering("127.0.0.1")


@pytest.fixture
def sender() -> HttpSender:
    return HttpSender(allow_private=True, limits=SHORT)


@pytest.mark.parametrize("status", [200, 204, 301, 404, 410, 429, 500, 503])
def test_the_status_comes_back(sender: HttpSender, status: int) -> None:
    with listening(reply(status)) as receiver:
        answer = sender(receiver.url, {}, BODY)
    assert (answer.status_code, answer.problem, answer.retry_after_seconds) == (status, None, None)
    assert len(receiver.requests) == 1


def test_the_request_is_one_post_of_the_very_bytes(sender: HttpSender) -> None:
    with listening(reply(200)) as receiver:
        sender(receiver.url, {"webhook-id": "msg_1"}, BODY)
    assert receiver.requests[0].startswith(b"POST /hook?a=1 HTTP/1.1\r\n")
    assert receiver.body() == BODY
    assert receiver.headers() == {
        "host": f"127.0.0.1:{receiver.port}",
        "content-length": str(len(BODY)),
        "content-type": "application/json",
        "user-agent": "Proofdesk-Webhooks/1",
        "accept-encoding": "identity",
        "webhook-id": "msg_1",
    }


def test_retry_after_is_read(sender: HttpSender) -> None:
    with listening(reply(503, "Retry-After: 120")) as receiver:
        assert sender(receiver.url, {}, BODY).retry_after_seconds == 120


def test_a_redirect_is_not_followed(sender: HttpSender) -> None:
    with listening(reply(200)) as goal, listening(reply(307, f"Location: {goal.url}")) as receiver:
        assert sender(receiver.url, {}, BODY).status_code == 307
    assert goal.requests == []


def test_a_proxy_of_the_environment_is_not_asked(sender: HttpSender, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(reply(200)) as proxy, listening(reply(200)) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert sender(receiver.url, {}, BODY).status_code == 200
    assert proxy.requests == []


def test_a_name_is_resolved_once_and_the_host_header_keeps_it() -> None:
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with listening(reply(200)) as receiver:
        sender = HttpSender(allow_private=True, resolver=resolver)
        assert sender(f"http://receiver:{receiver.port}/", {}, BODY).status_code == 200
    assert asked == ["receiver"]
    assert receiver.headers()["host"] == f"receiver:{receiver.port}"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["169.254.169.254"], ["64:ff9b::7f00:1"]],
)
def test_one_address_that_is_not_public_refuses_the_try(addresses: list[str]) -> None:
    with listening(reply(200)) as receiver:
        sender = HttpSender(allow_private=False, resolver=answering(*addresses))
        assert sender("https://example.com/", {}, BODY).problem == ADDRESS_REFUSED
    assert receiver.requests == []


@pytest.mark.parametrize("addresses", [["93.184.216.34"], ["127.0.0.1", "93.184.216.34"], ["0.0.0.0"]])  # noqa: S104  # looked up, not bound
def test_http_to_a_local_name_goes_to_inside_addresses_only(addresses: list[str]) -> None:
    sender = HttpSender(allow_private=True, resolver=answering(*addresses))
    assert sender("http://receiver:9000/", {}, BODY).problem == ADDRESS_REFUSED


def test_a_url_that_could_not_be_registered_now_is_refused() -> None:
    with listening(reply(200)) as receiver:
        assert HttpSender(allow_private=False)(receiver.url, {}, BODY).problem == URL_REFUSED
    assert receiver.requests == []


def test_the_next_checked_address_is_tried_when_one_does_not_answer() -> None:
    with listening(reply(200)) as receiver:
        sender = HttpSender(allow_private=True, resolver=answering("127.255.255.254", "127.0.0.1"))
        assert sender(f"http://receiver:{receiver.port}/", {}, BODY).status_code == 200


def test_a_host_without_addresses_is_not_found() -> None:
    def fails(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    assert HttpSender(allow_private=True, resolver=fails)("http://receiver:9000/", {}, BODY).problem == UNRESOLVED


def test_a_resolver_that_hangs_is_left_behind() -> None:
    ended = threading.Event()

    def hangs(host: str, port: int) -> list[str]:
        ended.wait(10)
        return []

    sender = HttpSender(allow_private=True, resolver=hangs, limits=SHORT)
    start_ms = monotonic_ms()
    answer = sender("http://receiver:9000/", {}, BODY)
    ended.set()
    assert answer.problem == UNRESOLVED
    assert monotonic_ms() - start_ms < 3_000


def test_a_closed_port_is_not_reachable(sender: HttpSender) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert sender(f"http://127.0.0.1:{port}/", {}, BODY).problem == UNREACHABLE


def _silent(connection: socket.socket, request: bytes) -> None:
    connection.recv(1)


def _drips_head(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X")
        connection.settimeout(0.05)
        try:
            if not connection.recv(1):
                return
        except TimeoutError:
            continue


def _endless_continue(connection: socket.socket, request: bytes) -> None:
    while True:
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")


@pytest.mark.parametrize("converse", [_silent, _drips_head, _endless_continue])
def test_whoever_does_not_answer_in_time_is_cut_off(sender: HttpSender, converse: Conversation) -> None:
    with listening(converse) as receiver:
        answer = sender(receiver.url, {}, BODY)
    assert answer.problem == TIMED_OUT
    assert 600 < answer.duration_ms < 3_000


def test_the_status_stands_when_the_body_drips_for_ever(sender: HttpSender) -> None:
    def converse(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        connection.settimeout(0.05)
        while True:
            connection.sendall(b"1\r\nx\r\n")
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue

    with listening(converse) as receiver:
        answer = sender(receiver.url, {}, BODY)
    assert (answer.status_code, answer.problem) == (200, None)
    assert answer.duration_ms < 3_000


def test_of_a_huge_answer_only_the_beginning_is_read(sender: HttpSender) -> None:
    sent_bytes: list[int] = []

    def converse(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        sent_bytes.append(0)
        while True:
            sent_bytes[0] += connection.send(b"x" * 65_536)

    with listening(converse) as receiver:
        answer = sender(receiver.url, {}, BODY)
    assert answer.status_code == 200
    # What lies in the buffers of the two sockets was sent, though never read.
    assert sent_bytes[0] < 20_000_000


def test_a_body_that_would_unfold_is_not_unpacked(sender: HttpSender) -> None:
    with listening(reply(200, "Content-Encoding: gzip", body=b"not gzip at all")) as receiver:
        assert sender(receiver.url, {}, BODY).status_code == 200


def _resets(connection: socket.socket, request: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _hangs_up(connection: socket.socket, request: bytes) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def _talks_nonsense(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" + bytes(range(256)))


def _sends_endless_line(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000)


def _sends_many_headers(connection: socket.socket, request: bytes) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % n for n in range(5_000)) + b"\r\n")


@pytest.mark.parametrize("converse", [_resets, _hangs_up, _talks_nonsense, _sends_endless_line, _sends_many_headers])
def test_a_broken_answer_is_a_word_and_no_exception(sender: HttpSender, converse: Conversation) -> None:
    with listening(converse) as receiver:
        answer = sender(receiver.url, {}, BODY)
    assert (answer.status_code, answer.problem) == (None, BROKEN)


def _over_tls(context: ssl.SSLContext, names: list[str] | None = None) -> Iterator[Receiver]:
    def note(connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        if names is not None:
            names.append(name or "")

    context.sni_callback = note
    with listening(reply(200), wrap=lambda connection: context.wrap_socket(connection, server_side=True)) as receiver:
        yield receiver


def test_tls_is_asked_for_and_checked_by_the_hosts_name(authority: Authority) -> None:
    names: list[str] = []
    for receiver in _over_tls(authority.server(x509.DNSName("receiver")), names):
        sender = HttpSender(allow_private=True, tls=authority.client(), resolver=to_loopback)
        assert sender(f"https://receiver:{receiver.port}/", {}, BODY).status_code == 200
        assert receiver.body() == BODY
    assert names == ["receiver"]


def test_tls_is_checked_by_the_address_where_the_url_has_one(authority: Authority) -> None:
    for receiver in _over_tls(authority.server(x509.IPAddress(ip_address("127.0.0.1")))):
        sender = HttpSender(allow_private=True, tls=authority.client())
        assert sender(f"https://127.0.0.1:{receiver.port}/", {}, BODY).status_code == 200


def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    for receiver in _over_tls(authority.server(x509.DNSName("other"))):
        sender = HttpSender(allow_private=True, tls=authority.client(), resolver=to_loopback)
        assert sender(f"https://receiver:{receiver.port}/", {}, BODY).problem == BAD_TLS
        assert receiver.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority) -> None:
    for receiver in _over_tls(authority.server(x509.DNSName("receiver"))):
        sender = HttpSender(allow_private=True, resolver=to_loopback)
        assert sender(f"https://receiver:{receiver.port}/", {}, BODY).problem == BAD_TLS


def test_tls_that_never_begins_is_cut_off(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = HttpSender(allow_private=True, tls=authority.client(), resolver=to_loopback, limits=SHORT)
        answer = sender(f"https://receiver:{server.getsockname()[1]}/", {}, BODY)
    assert answer.problem == TIMED_OUT
    assert answer.duration_ms < 3_000
