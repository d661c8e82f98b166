"""A line to a server that a test can cut and mend, so that the server itself may go on for everybody else."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Line:
    """Carries bytes from a port of its own to a server, until it is cut."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._pairs: list[socket.socket] = []
        self._whole = True
        self._server = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the URL of this end."""
        return f"redis://127.0.0.1:{self._server.getsockname()[1]}/0"

    def cut(self) -> None:
        """End every connection, and let no other one through."""
        self._whole = False
        pairs, self._pairs = self._pairs, []
        for one in pairs:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._whole = True

    def close(self) -> None:
        """Cut it for good."""
        self.cut()
        with suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if not self._whole:
                    near.close()
                    continue
                far = self._connect()
                self._pairs += [near, far]
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(source, target), daemon=True).start()

    def _connect(self) -> socket.socket:
        if self._parts.scheme == "unix":
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._parts.path)
            return far
        return socket.create_connection((self._parts.hostname or "127.0.0.1", self._parts.port or 6379))


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    for one in (source, target):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """Yield a line to a server."""
    line = Line(url)
    try:
        yield line
    finally:
        line.close()
