"""Receive decisions as webhooks: check the signature, forget what came before, and answer quickly.

PROOFDESK_WEBHOOK_SECRET=whsec_... python receive_webhooks.py 8099
"""

import os
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from proofdesk_client import Webhook, WebhookRefused, read_webhook


def make_server(port: int, secret: str, take: Callable[[Webhook], None]) -> ThreadingHTTPServer:
    """Return a server that hands each webhook on once. Keep the ids in your database: here they last as long as it."""
    seen: set[str] = set()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                webhook = read_webhook(body, dict(self.headers), secret)
            except WebhookRefused as refused:
                self.send_error(400, str(refused))
                return
            if webhook.id not in seen:
                take(webhook)
                seen.add(webhook.id)
            self.send_response(204)
            self.end_headers()

    return ThreadingHTTPServer(("127.0.0.1", port), Receiver)


if __name__ == "__main__":
    make_server(int(sys.argv[1]), os.environ["PROOFDESK_WEBHOOK_SECRET"], print).serve_forever()
