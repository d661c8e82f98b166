"""Receivers on loopback that answer a webhook in the ways that real ones do, and in those that hostile ones do."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Conversation = Callable[[socket.socket, bytes], None]


@dataclass
class Receiver:
    """What arrived so far; `requests` are whole requests, head and body."""

    port: int
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """Return an endpoint URL that leads here."""
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    def has(self, number: int) -> Callable[[], bool]:
        """Return the condition that this many requests have come."""
        return lambda: len(self.requests) >= number

    def headers(self, number: int = -1) -> dict[str, str]:
        """Return the headers of a request, names in lower case."""
        lines = self.requests[number].split(b"\r\n\r\n", 1)[0].decode().split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    def body(self, number: int = -1) -> bytes:
        """Return the body of a request."""
        return self.requests[number].split(b"\r\n\r\n", 1)[1]


def _read_request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        part = connection.recv(65_536)
        if not part:
            return got
        got += part
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        part = connection.recv(65_536)
        if not part:
            break
        body += part
    return head + b"\r\n\r\n" + body


def reply(status: int, *headers: str, body: bytes = b"") -> Conversation:
    """Return a conversation that gives this plain answer."""
    head = "\r\n".join([f"HTTP/1.1 {status} Whatever", *headers, f"Content-Length: {len(body)}", "", ""])

    def converse(connection: socket.socket, request: bytes) -> None:
        connection.sendall(head.encode() + body)

    return converse


def keeping(receiver: list[Receiver], *conversations: Conversation) -> Conversation:
    """Return a conversation that holds several on one connection, one a request, and ends after the last.

    Args:
        receiver: Filled by the test with the receiver that keeps what comes after the first request.
    """

    def converse(connection: socket.socket, request: bytes) -> None:
        for number, one in enumerate(conversations):
            if number:
                request = _read_request(connection)
                if not request:
                    return
                receiver[0].requests.append(request)
            one(connection, request)

    return converse


@contextmanager
def listening(
    converse: Conversation, *, wrap: Callable[[socket.socket], socket.socket] | None = None
) -> Iterator[Receiver]:
    """Run a receiver; `wrap` may put TLS around each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        receiver = Receiver(server.getsockname()[1])
        ended = threading.Event()

        def serve(connection: socket.socket) -> None:
            with suppress(OSError), connection:
                connection.settimeout(10)
                talk = wrap(connection) if wrap else connection
                with talk:
                    request = _read_request(talk)
                    if request:
                        receiver.requests.append(request)
                        converse(talk, request)

        def accept() -> None:
            while not ended.is_set():
                with suppress(OSError):
                    connection, _ = server.accept()
                    receiver.connections += 1
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            ended.set()
            # A blocked accept does not notice that its socket is closed; one last connection lets it look.
            with suppress(OSError), socket.create_connection(("127.0.0.1", receiver.port), timeout=1):
                pass
            thread.join(timeout=5)
