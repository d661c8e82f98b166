"""The whole service as one process tree, with the processes of it that may be killed, and a client that persists."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

PATIENCE_SECONDS = 90.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Service:
    """A running `proofdesk up` with a data directory of its own."""

    def __init__(self, home: Path) -> None:
        self.port = _free_port()
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in {"DATABASE_URL", "REDIS_URL"}},
            "PROOFDESK_DATA_DIR": str(home),
            "PROOFDESK_ALLOW_PRIVATE_ENDPOINTS": "on",
            "PROOFDESK_RATE_LIMIT": "off",
        }
        self.log = (home.parent / "up.log").open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", "up", "--no-demo", "--port", str(self.port)],
            env=self.environment,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v1"

    def run(self, *words: str) -> str:
        """Run a command beside the service and return what it prints."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *words], env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout.strip()

    def victims(self) -> list[psutil.Process]:
        """Return the processes of web, worker and Redis that live now."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue
            if any(name in line for name in ("web_server", "workers", "app worker", "valkey-server", "redis-server")):
                found.append(child)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def until(done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.05)


def persist(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
    """Call until there is an answer that is no shedding: what a careful client does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = client.request(method, path, **more)
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code not in {429, 503}:
            assert answer.status_code < 500, answer.text
            return answer
        assert time.monotonic() < deadline, "no answer"
        time.sleep(0.05)


def client_of(service: Service, key: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {key}"}, timeout=10, trust_env=False)
