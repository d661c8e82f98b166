"""Kill web, worker and Redis again and again while outputs go through: nothing is lost, doubled or left undelivered.

Reviewers do everything that they can do with an item: judge it in every way, keep it, send it on, let a lease run out.
"""

import os
import random
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from tests.chaos.receiver import Receiver
from tests.chaos.reviewers import ACTS, CLAIM_SECONDS, LEADS, REVIEWERS, Crowd, Reviewer
from tests.chaos.service import PATIENCE_SECONDS, Service, client_of, persist, until


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
        until(answers)
        yield started
    finally:
        started.stop()
        subprocess.run(["rm", "-rf", str(home.parent)], check=False)


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


def _hire(service: Service) -> list[str]:
    """Make the reviewers, some of them leads, and return a key for each."""
    keys = []
    for n in range(REVIEWERS):
        role = "lead" if n < LEADS else "reviewer"
        service.run("person", "create", f"r{n}@chaos.example", "--workspace", "Chaos", "--role", role)
        keys.append(
            service.run(
                "key", "create", "--workspace", "Chaos", "--scopes", "review", "--person", f"r{n}@chaos.example"
            )
        )
    return keys


@pytest.mark.parametrize(("items", "kills"), [(250, 8), pytest.param(3_000, 60, marks=pytest.mark.soak)])
def test_nothing_is_lost_or_doubled_when_anything_is_killed(service: Service, items: int, kills: int) -> None:
    service.run("workspace", "create", "Chaos")
    admin = service.run("key", "create", "--workspace", "Chaos", "--scopes", "admin,submit,read")
    keys = _hire(service)
    receiver, stop = Receiver(), threading.Event()
    acknowledged: dict[str, str] = {}
    with ExitStack() as stack:
        client = stack.enter_context(client_of(service, admin))
        for name, approvals in (("one", 1), ("two", 2)):
            body = {"name": name, "claim_seconds": CLAIM_SECONDS, "approvals_required": approvals}
            persist(client, "POST", "/task-types", json=body)
        endpoint = persist(
            client, "POST", "/endpoints", json={"url": f"http://127.0.0.1:{receiver.server.server_port}/hook"}
        ).json()
        receiver.secret = endpoint["secret"]

        def submit(n: int) -> None:
            name = "two" if n % 5 == 0 else "one"
            body = {"task_type": name, "external_id": f"x-{n}", "output": f"text {n}", "endpoint": endpoint["id"]}
            answer = persist(client, "POST", "/submissions", json=body, headers={"Idempotency-Key": f"x-{n}"})
            assert answer.status_code == 201, answer.text
            acknowledged[f"x-{n}"] = answer.json()["id"]

        with ThreadPoolExecutor(REVIEWERS + 5) as pool:
            killer = pool.submit(_kill_now_and_then, service, kills, stop)
            list(pool.map(submit, range(items)))
            wanted = set(acknowledged.values())
            crowd = Crowd(wanted)
            doors = [stack.enter_context(client_of(service, key)) for key in keys]
            people = [Reviewer(door, number, crowd) for number, door in enumerate(doors)]
            reviewers = [pool.submit(person.work, stop) for person in people]
            try:
                finished, _ = wait(reviewers, PATIENCE_SECONDS + items / 4, FIRST_EXCEPTION)
                for reviewer in finished:
                    reviewer.result()
                missing = wanted - set(crowd.decided)
                assert len(finished) == REVIEWERS, f"{len(missing)} are not decided, {sorted(missing)[:3]} among them"
                # Every kill happens, also when the work is done sooner.
                assert killer.result(PATIENCE_SECONDS + kills) == kills
            finally:
                stop.set()
        assert len(wanted) == items
        states = {i: persist(client, "GET", f"/submissions/{i}").json()["status"] for i in wanted}
    # Whoever handed in what counted was told the one outcome that stands, and everybody the same.
    assert {submission: {status} for submission, status in states.items()} == dict(crowd.decided)
    assert set(crowd.did) >= {*ACTS, "approve", "correct", "reject"} - {"let run out"}
    until(lambda: set(receiver.submissions) >= wanted)
    receiver.close()
    assert receiver.forged == 0
    assert set(receiver.submissions.values()) == {1}
    assert all(len(bodies) == 1 for bodies in receiver.accepted.values())
    assert receiver.told == states
    service.run("verify")
