"""An app behind a real server on loopback, for browsers and for clients that speak HTTP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import make_server

from app.edge.unit_of_work import ProofdeskApp


@contextmanager
def serving(app: ProofdeskApp, port: int = 0) -> Iterator[str]:
    """Serve an app for the length of a block, at this port or a free one; yield its address."""
    server = make_server("127.0.0.1", port, app, threaded=True)
    # Closing waits for what is still being answered, so that it does not meet the clean-up.
    server.daemon_threads = False  # type: ignore[attr-defined]  # of ThreadingMixIn, which werkzeug does not declare
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()
