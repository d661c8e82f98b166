"""What the tests need to start an instance as another process, to look for its processes, and to wait for something."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.engine import make_url

from app.embedded.stack import Running, require_running

TREE = Path(__file__).resolve().parents[2]


@contextmanager
def instance(
    data_dir: Path, *, user: str | None = None, python: str = sys.executable
) -> Iterator[subprocess.Popen[str]]:
    """Run an instance on `data_dir` and end it, by force if need be, at the end of the block."""
    account: dict[str, object] = {"user": user, "group": "nogroup", "extra_groups": []} if user else {}
    process = subprocess.Popen(
        [python, "-m", "tests.embedded.instance", str(data_dir)],
        cwd=TREE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(TREE), *(path for path in sys.path if path)])},
        stdout=subprocess.PIPE,
        text=True,
        **account,  # type: ignore[call-overload]  # user and group together, or neither
    )
    with process:
        try:
            yield process
            process.terminate()
            process.wait(30)
        finally:
            process.kill()


def wait_ready(process: subprocess.Popen[str]) -> None:
    """Wait until the instance says that it is up."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


def until(holds: Callable[[], bool], *, seconds: float) -> float:
    """Wait until `holds` and return how many seconds that took; fails when it takes longer than `seconds`."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begun


def processes_of(data_dir: Path) -> dict[int, str]:
    """Every live process that works in `data_dir`, names it in its arguments or carries it as its run."""
    real, found = str(data_dir.resolve()), {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            marks = [(process / name).read_bytes().decode(errors="replace") for name in ("cmdline", "environ")]
            marks.append(str((process / "cwd").readlink()))
        except OSError:
            continue
        if any(real in mark for mark in marks) and int(process.name) != os.getpid():
            found[int(process.name)] = marks[0].replace("\0", " ")
    return found


def pid_in(data_dir: Path, name: str) -> int:
    """The process id noted in a file of the data directory."""
    return int((data_dir / name).read_text().split("\n")[0])


def ask(running: Running, statement: str) -> object:
    """The first value of what PostgreSQL answers, if anything."""
    url = make_url(running.database_url or "")
    host, port = str(url.query["host"]), int(str(url.query["port"]))
    with psycopg.connect(host=host, port=port, user=url.username, dbname=url.database) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def answers(data_dir: Path) -> bool:
    """Whether both servers of the instance that runs on `data_dir` serve now."""
    return serves(require_running(data_dir))


def serves(running: Running) -> bool:
    """Whether both servers serve now."""
    try:
        with Redis.from_url(running.redis_url or "") as redis:
            return ask(running, "SELECT 1") == 1 and bool(redis.ping())
    except (psycopg.OperationalError, RedisError):
        return False
