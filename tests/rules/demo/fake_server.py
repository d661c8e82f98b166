"""The fake service on a loopback port of its own: HTTP in and out, refusals as problem+json, answers lost on demand."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

from tests.rules.demo.fake_service import FakeService, Problem


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave in one piece; two pieces would wait for each other's receipt
    service: ClassVar[FakeService]

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve(b"")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, data: bytes) -> None:
        path, _, query = self.path.removeprefix("/api/v1").partition("?")
        call = {
            "key": self.headers["Authorization"].removeprefix("Bearer "),
            "idempotency_key": self.headers.get("Idempotency-Key"),
            "bytes": data,
            "body": json.loads(data) if data else None,
            "query": dict(part.split("=") for part in query.split("&") if part),
        }
        headers = {}
        try:
            status, body, replayed = self.service.handle(self.command, path, call)
            headers = {"Idempotent-Replayed": "true"} if replayed else {}
        except Problem as problem:
            status, body = problem.status, problem.body
            headers = {"Retry-After": "0"} if status == 429 else {}
        if self.command == "POST" and self.service.lose_answers and path.endswith(self.service.lose_only):
            self.service.lose_answers -= 1
            self.close_connection = True
            return
        self._answer(status, body, headers)

    def _answer(self, status: int, body: Any, headers: dict[str, str]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in (headers | {"Content-Length": str(len(data))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Keep quiet."""


@contextmanager
def running(service: FakeService) -> Iterator[FakeService]:
    """Serve on a free loopback port until the end of the block."""
    handler = type("Handler", (_Handler,), {"service": service})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        service.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()
