"""Ask a web server of this installation whether it may have traffic. For service managers and health checks."""

import http.client
import socket
import threading
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from app.kernel.clock import monotonic_ms

_PAUSE_SECONDS: Final = 0.2
_PATIENCE_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Door:
    """Where a web server listens: on a path if there is one, else at an address."""

    host: str
    port: int
    path: str | None = None

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that opens with its first request."""
        if self.path is None:
            return http.client.HTTPConnection(self.host, self.port, timeout=_PATIENCE_SECONDS)
        return _PathConnection(self.path)


class _PathConnection(http.client.HTTPConnection):
    """HTTP over a Unix domain socket."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_PATIENCE_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True)
class Readiness:
    """The answer: whether it may have traffic, and its words."""

    ready: bool
    text: str


def ask_ready(door: Door, *, site: str, within_seconds: float) -> Readiness:
    """Ask until the answer is yes or the time is over.

    Args:
        site: The address under which people reach the service; a server refuses requests for other hosts.
    """
    deadline_ms = monotonic_ms() + within_seconds * 1_000
    host = urlsplit(site).netloc
    while not (answer := _ask(door, host)).ready and monotonic_ms() < deadline_ms:
        threading.Event().wait(_PAUSE_SECONDS)
    return answer


def _ask(door: Door, host: str) -> Readiness:
    connection = door.connection()
    try:
        connection.request("GET", "/api/v1/readyz", headers={"Host": host})
        answer = connection.getresponse()
        return Readiness(ready=answer.status == 200, text=answer.read().decode("utf-8", "replace").strip())
    except (OSError, http.client.HTTPException) as error:
        return Readiness(ready=False, text=f"no answer: {error}")
    finally:
        connection.close()
