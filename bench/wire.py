"""A client that costs next to nothing, so that a run measures the service and not its own driver."""

import socket
from collections.abc import Mapping
from typing import Any, Final

import orjson

from bench.place import HOST

_CHUNK: Final = 65_536
_LENGTH: Final = b"content-length:"
_NONE: Final[Mapping[str, str]] = {}


class Wire:
    """One kept-alive connection of one key to the API."""

    def __init__(self, port: int, key: str) -> None:
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._head = (
            f" HTTP/1.1\r\nHost: {HOST}:{port}\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )

    def post(self, path: str, body: Any, headers: Mapping[str, str] = _NONE) -> tuple[int, Any]:
        """Send a body, or the bytes of one, to a path below /api/v1; return status and decoded answer."""
        sent = body if isinstance(body, bytes) else orjson.dumps(body)
        more = "".join(f"\r\n{name}: {value}" for name, value in headers.items())
        return self._ask(f"POST /api/v1{path}{self._head}{len(sent)}{more}\r\n\r\n".encode() + sent)

    def get(self, path: str) -> tuple[int, Any]:
        """Read a path below /api/v1; return status and decoded answer."""
        return self._ask(f"GET /api/v1{path}{self._head}0\r\n\r\n".encode())

    def _ask(self, request: bytes) -> tuple[int, Any]:
        self._socket.sendall(request)
        data = self._socket.recv(_CHUNK)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        length = int(head[at:].split(b"\r\n", 1)[0])
        while len(data) < end + 4 + length:
            data += self._more()
        return int(head[9:12]), orjson.loads(data[end + 4 :])

    def _more(self) -> bytes:
        more = self._socket.recv(_CHUNK)
        if not more:
            raise ConnectionError("the server closed the connection")
        return more

    def close(self) -> None:
        """Hang up."""
        self._socket.close()
