"""Kill web and worker again and again while outputs go through: nothing is lost, doubled or left undelivered."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from standardwebhooks import Webhook

REVIEWERS = 4
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
        """Return the processes of web and worker that live now."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue
            if "web_server" in line or "workers" in line or "app worker" in line:
                found.append(child)
        return found

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def _until(done: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.05)


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service, up and answering."""
    # The private servers run as another user, who cannot enter the private folders of a test run.
    home = Path("/tmp") / f"pd-chaos-{os.getpid()}-{random.randrange(10**9)}" / "data"  # noqa: S108, S311  # a path short enough for a socket; no secret
    home.parent.mkdir(mode=0o755)
    started = Service(home)

    def answers() -> bool:
        try:
            return httpx.get(f"{started.url}/healthz", timeout=1).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        _until(answers)
        yield started
    finally:
        started.stop()
        subprocess.run(["rm", "-rf", str(home.parent)], check=False)


class Receiver:
    """An endpoint that checks signatures, fails a tenth of the time, and remembers what it accepted."""

    def __init__(self) -> None:
        self.accepted: dict[str, set[bytes]] = {}
        self.submissions: Counter[str] = Counter()
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
            return 204

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()


def _persist(client: httpx.Client, method: str, path: str, **more: Any) -> httpx.Response:
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


def _client(service: Service, key: str) -> httpx.Client:
    return httpx.Client(base_url=service.url, headers={"Authorization": f"Bearer {key}"}, timeout=10, trust_env=False)


def _review(service: Service, key: str, decided: Counter[str], expected: set[str], stop: threading.Event) -> None:
    with _client(service, key) as client:
        while not stop.is_set():
            taken = _persist(client, "POST", "/claims", json={}).json()
            if taken.get("claim") is None:
                if expected <= set(decided):
                    return
                time.sleep(0.05)
                continue
            claim, item = taken["claim"], taken["item"]
            verdict = {"token": claim["token"], "content_sha256": item["content_sha256"], "verb": "approve"}
            answer = _persist(client, "POST", f"/claims/{claim['id']}/decision", json=verdict)
            assert answer.status_code in {200, 409}, answer.text
            if answer.status_code == 200 and answer.json()["status"] == "approved":
                decided[item["submission_id"]] += 1


def _kill_now_and_then(service: Service, kills: int, stop: threading.Event) -> int:
    draw, killed = random.Random(7), 0  # noqa: S311  # a seed, so that a failure can be run again
    while not stop.is_set() and killed < kills:
        victims = service.victims()
        if victims:
            victim = draw.choice(victims)
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
            killed += 1
        stop.wait(0.8)
    return killed


@pytest.mark.parametrize(("items", "kills"), [(500, 6), pytest.param(3_000, 60, marks=pytest.mark.soak)])
def test_nothing_is_lost_or_doubled_when_web_and_worker_are_killed(service: Service, items: int, kills: int) -> None:
    service.run("workspace", "create", "Chaos")
    admin = service.run("key", "create", "--workspace", "Chaos", "--scopes", "admin,submit,read")
    keys = []
    for n in range(REVIEWERS):
        service.run("person", "create", f"r{n}@chaos.example", "--workspace", "Chaos", "--role", "reviewer")
        keys.append(
            service.run(
                "key", "create", "--workspace", "Chaos", "--scopes", "review", "--person", f"r{n}@chaos.example"
            )
        )
    receiver, stop = Receiver(), threading.Event()
    acknowledged: dict[str, str] = {}
    decided: Counter[str] = Counter()
    with _client(service, admin) as client:
        _persist(client, "POST", "/task-types", json={"name": "t", "claim_seconds": 5})
        endpoint = _persist(
            client, "POST", "/endpoints", json={"url": f"http://127.0.0.1:{receiver.server.server_port}/hook"}
        ).json()
        receiver.secret = endpoint["secret"]

        def submit(n: int) -> None:
            body = {"task_type": "t", "external_id": f"x-{n}", "output": f"text {n}", "endpoint": endpoint["id"]}
            answer = _persist(client, "POST", "/submissions", json=body, headers={"Idempotency-Key": f"x-{n}"})
            assert answer.status_code == 201, answer.text
            acknowledged[f"x-{n}"] = answer.json()["id"]

        with ThreadPoolExecutor(REVIEWERS + 5) as pool:
            killer = pool.submit(_kill_now_and_then, service, kills, stop)
            list(pool.map(submit, range(items)))
            wanted = set(acknowledged.values())
            reviewers = [pool.submit(_review, service, key, decided, wanted, stop) for key in keys]
            try:
                for reviewer in reviewers:
                    reviewer.result(PATIENCE_SECONDS + items / 4)
                # Every kill happens, also when the work is done sooner.
                assert killer.result(PATIENCE_SECONDS + kills) == kills
            finally:
                stop.set()
        assert len(wanted) == items
        states = Counter(_persist(client, "GET", f"/submissions/{i}").json()["status"] for i in wanted)
        assert states == {"approved": items}
    _until(lambda: set(receiver.submissions) >= wanted)
    receiver.close()
    assert receiver.forged == 0
    assert set(receiver.submissions.values()) == {1}
    assert all(len(bodies) == 1 for bodies in receiver.accepted.values())
    assert all(json.loads(next(iter(b)))["data"]["status"] == "approved" for b in receiver.accepted.values())
    service.run("verify")
