"""An endpoint on loopback that remembers what it accepted."""

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


class Receiver:
    """An endpoint that checks signatures, fails a tenth of the time, and remembers what it accepted."""

    def __init__(self) -> None:
        self.accepted: dict[str, set[bytes]] = {}
        self.submissions: Counter[str] = Counter()
        self.told: dict[str, str] = {}
        self.forged = 0
        self.secret = ""
        self.lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(outer.take(dict(self.headers), body))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def take(self, headers: dict[str, str], body: bytes) -> int:
        lower = {name.lower(): text for name, text in headers.items()}
        with self.lock:
            try:
                message = Webhook(self.secret).verify(body.decode(), lower)
            except Exception:
                self.forged += 1
                return 400
            first = lower["webhook-id"] not in self.accepted
            self.accepted.setdefault(lower["webhook-id"], set()).add(body)
            if first:
                self.submissions[message["data"]["id"]] += 1
                self.told[message["data"]["id"]] = message["data"]["status"]
            return 204

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()
