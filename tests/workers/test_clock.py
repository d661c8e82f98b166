"""Web and worker on hosts whose clocks are an hour wrong: leases, time-outs and decisions go by the database's clock.

Ids and signatures are all that a host's clock makes, so nothing here is signed.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.audit.rules import COMMAND
from app.identity.service import create_key
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import parse
from app.queue.models import Claim
from app.reports.invariants import check_invariants
from app.settings import Settings
from tests.conftest import SECRET
from tests.workers.conftest import Desk
from tests.workers.processes import eventually, running
from workers.loop import LONGEST_PAUSE_SECONDS

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
# The promise of the sweeper, and what a busy machine takes to get round to it.
SOON_SECONDS = LONGEST_PAUSE_SECONDS + 45


@pytest.fixture
def library() -> Path:
    """The library that shows a process another time."""
    if not LIBRARIES:
        if "CI" in os.environ:
            pytest.fail("libfaketime is missing")
        pytest.skip("libfaketime is not installed here")
    return LIBRARIES[0]


# libfaketime refuses the absolute sleep on the clock that it was told to leave alone, which is what Python sleeps by.
_SLEEP = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds)\n"


def wrong(library: Path, offset: str, site: Path) -> dict[str, str]:
    """Return the environment of a process whose wall clock is wrong; what only counts seconds is left right."""
    (site / "sitecustomize.py").write_text(_SLEEP)
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }


@contextmanager
def serving(settings: Settings, log: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the web server and yield the address of its API."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    own = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        "PYTHONFAULTHANDLER": "1",
        **environment,
    }
    argv = [sys.executable, "-m", "app", "web", "--port", str(port), "--workers", "1"]
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv, env={**os.environ, **own}, stdout=output, stderr=output, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}/api/v1"

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/healthz", timeout=2, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        if not eventually(answers, within_seconds=60):
            # Where each thread stands is the only trace that a silent server leaves.
            os.killpg(process.pid, signal.SIGABRT)
            process.wait(20)
            pytest.fail(f"the web server does not answer\n{log.read_text()}")
        yield url
    finally:
        process.terminate()
        process.wait(20)


class Program:
    """Speaks to the API, and knows the database's time around each call."""

    def __init__(self, client: httpx.Client, database: Database, keys: dict[str, str]) -> None:
        self._client = client
        self._database = database
        self._keys = keys

    def now(self) -> datetime:
        """Return the database's time."""
        with self._database.unit_of_work() as session:
            return read_now(session)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call, and return the answer; fail when it is none."""
        key = self._keys["reviewer" if path.startswith("/claims") else "program"]
        answer = self._client.request(method, path, json=body, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code < 300, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None) -> Any:
        """Post."""
        return self.call("POST", path, body)

    def waits_for(self, submission: str, status: str) -> Callable[[], bool]:
        """Return the condition that a submission has a status."""
        return lambda: bool(self.call("GET", f"/submissions/{submission}")["status"] == status)


def at(text: str) -> datetime:
    """Read an instant of the API."""
    return datetime.fromisoformat(text)


@pytest.fixture
def keys(desk: Desk) -> dict[str, str]:
    """A key of the desk's reviewer, and one of a program: whoever owns a key may not judge what it submits."""
    made = {}
    for name, scopes, person_id in (
        ("reviewer", ["review"], desk.person_id),
        ("program", ["submit", "read", "admin"], None),
    ):
        with desk.database.unit_of_work() as session:
            made[name] = create_key(
                session,
                now=read_now(session),
                actor=COMMAND,
                workspace_id=desk.workspace_id,
                scopes=scopes,
                person_id=person_id,
            ).text
    return made


@pytest.mark.parametrize("offset", ["+1h", "-1h"])
def test_a_host_an_hour_off_changes_no_lease_no_time_out_and_no_decision(
    desk: Desk, keys: dict[str, str], library: Path, database_url: str, redis_url: str, tmp_path: Path, offset: str
) -> None:
    settings, log = Settings(database_url, redis_url, SECRET), tmp_path / "log"
    environment = wrong(library, offset, tmp_path)
    with (
        serving(settings, log, environment) as url,
        running(settings, log, environment=environment),
        httpx.Client(base_url=url, timeout=30, trust_env=False) as client,
    ):
        program = Program(client, desk.database, keys)
        _judge_in_time(program)
        _let_a_lease_run_out(program, desk, log)
        _let_time_decide(program)
    with desk.database.unit_of_work() as session:
        assert check_invariants(session) == []


def _submit(program: Program, task_type: str, **described: Any) -> str:
    program.post("/task-types", {"name": task_type, **described})
    return str(program.post("/submissions", {"task_type": task_type, "output": "text"})["id"])


def _judge_in_time(program: Program) -> None:
    submission = _submit(program, "calm", claim_seconds=300, sla="PT30M", on_timeout="reject", undo_seconds=0)
    before = program.now()
    taken = program.post("/claims", {})
    lease = timedelta(seconds=300)
    assert before + lease <= at(taken["claim"]["expires_at"]) <= program.now() + lease
    before = program.now()
    beat = {"seq": 1, "client_mono_ms": 1, "state": "active", "last_input_age_ms": 0}
    pulse = program.post(f"/claims/{taken['claim']['id']}/beats", beat)
    assert before + lease <= at(pulse["expires_at"]) <= program.now() + lease
    before = program.now()
    verdict = {"token": taken["claim"]["token"], "content_sha256": taken["item"]["content_sha256"], "verb": "approve"}
    decision = program.post(f"/claims/{taken['claim']['id']}/decision", verdict)
    assert decision["status"] == "approved"
    kept = program.call("GET", f"/submissions/{submission}")["decision"]
    assert before <= at(kept["decided_at"]) <= program.now()


def _let_a_lease_run_out(program: Program, desk: Desk, log: Path) -> None:
    _submit(program, "brief", claim_seconds=5)
    claim_id = parse("claim", program.post("/claims", {})["claim"]["id"])

    def claim() -> Claim:
        with desk.database.unit_of_work() as session:
            return session.get_one(Claim, claim_id)

    assert claim().ended_at is None
    assert eventually(lambda: claim().ended_at is not None, within_seconds=5 + SOON_SECONDS), log.read_text()
    assert (claim().outcome, claim().ended_at) == ("expired", claim().expires_at)
    assert claim().expires_at <= program.now()


def _let_time_decide(program: Program) -> None:
    patient = _submit(program, "patient", sla="PT30M", on_timeout="reject")
    before = program.now()
    submission = _submit(program, "urgent", sla="PT2S", on_timeout="reject")
    assert eventually(program.waits_for(submission, "rejected"), within_seconds=2 + SOON_SECONDS)
    decision = program.call("GET", f"/submissions/{submission}")["decision"]
    assert decision["decided_by_kind"] == "timeout"
    assert before + timedelta(seconds=2) <= at(decision["decided_at"]) <= program.now()
    # The one that has half an hour left is not touched by a host that thinks it has not, nor kept by one that does.
    assert program.waits_for(patient, "waiting")()
