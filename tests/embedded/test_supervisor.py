"""What dies comes back, what stops takes all with it, and nothing outlives a killed supervisor."""

import os
import shutil
import signal
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import pytest

from app.embedded import stack
from app.embedded.leftovers import stop_leftovers
from app.embedded.supervisor import Child, ChildFailed, StopRequested, Supervisor, WrongThread
from tests.embedded.killing import TREE, answers, instance, pid_in, processes_of, until, wait_ready

OTHER_PYTHON = "/usr/bin/python3"


def test_each_killed_child_is_back_within_three_seconds(running: Path) -> None:
    for name in ("worker.pid", "valkey/valkey.pid", "postgres/postmaster.pid"):
        old = pid_in(running, name)
        os.kill(old, signal.SIGKILL)
        until(lambda name=name, old=old: is_new(running / name, old), seconds=3)  # type: ignore[misc]  # defaults bind the loop variables
        # How long PostgreSQL then recovers is the machine's affair, not the supervisor's.
        until(lambda: answers(running), seconds=30)


def is_new(file: Path, old: int) -> bool:
    """Whether the file names another live process than `old`."""
    text = file.read_text().split("\n")[0] if file.exists() else ""
    return text not in ("", str(old)) and Path("/proc", text).exists()


def test_what_a_killed_child_had_forked_goes_with_it(running: Path) -> None:
    forked = pid_in(running, "leashed.pid")
    os.kill(pid_in(running, "worker.pid"), signal.SIGKILL)
    until(lambda: forked not in processes_of(running), seconds=3)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_everything_and_is_no_failure(data_dir: Path, signum: int) -> None:
    with instance(data_dir) as process:
        wait_ready(process)
        process.send_signal(signum)
        # Whatever runs us may pass on a Ctrl-C that we have already had from the terminal.
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert processes_of(data_dir) == {}


def test_after_a_killed_supervisor_no_process_remains_and_the_next_start_works(data_dir: Path) -> None:
    with instance(data_dir) as process:
        wait_ready(process)
        process.kill()
        until(lambda: processes_of(data_dir) == {}, seconds=5)
    with stack.start(data_dir):
        assert answers(data_dir)


def test_the_next_start_ends_what_remains_when_the_guard_was_killed_too(data_dir: Path) -> None:
    with instance(data_dir) as process:
        wait_ready(process)
        escaped = pid_in(data_dir, "escaped.pid")
        process.send_signal(signal.SIGSTOP)
        os.kill(next(pid for pid, line in processes_of(data_dir).items() if "guard" in line), signal.SIGKILL)
        process.kill()
        until(lambda: set(processes_of(data_dir)) == {escaped}, seconds=5)
    with stack.start(data_dir):
        assert escaped not in processes_of(data_dir)


def test_the_next_start_works_while_the_killed_runs_servers_still_live(data_dir: Path) -> None:
    with instance(data_dir) as process:
        wait_ready(process)
        postmaster = pid_in(data_dir, "postgres/postmaster.pid")
        os.kill(postmaster, signal.SIGSTOP)
        process.kill()
        process.wait()
        assert postmaster in processes_of(data_dir)
    os.kill(postmaster, signal.SIGCONT)
    with stack.start(data_dir):
        assert answers(data_dir)
        assert postmaster not in processes_of(data_dir)


def test_servers_are_found_by_their_files_where_there_is_no_proc(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with instance(data_dir) as process:
        wait_ready(process)
        valkey = pid_in(data_dir, "valkey/valkey.pid")
        monkeypatch.setattr("app.embedded.leftovers.PROCESSES", data_dir / "nowhere")
        stop_leftovers(data_dir / "valkey", ("something-else",), signals=(signal.SIGTERM,))
        assert valkey in processes_of(data_dir)
        stop_leftovers(data_dir / "valkey", ("valkey-server", "redis-server"), signals=(signal.SIGTERM,))
        assert valkey not in processes_of(data_dir)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_an_ordinary_user_runs_everything_as_themselves(open_folder: Path) -> None:
    if shutil.which(OTHER_PYTHON) is None or not os.access(TREE, os.X_OK):
        pytest.skip("no Python that an ordinary user can run")
    shutil.chown(open_folder, "nobody")
    with instance(open_folder / "data", user="nobody", python=OTHER_PYTHON) as process:
        wait_ready(process)
        assert answers(open_folder / "data")
        owners = {Path("/proc", str(pid)).stat().st_uid for pid in processes_of(open_folder / "data")}
        assert owners == {open_folder.stat().st_uid}
    assert processes_of(open_folder) == {}


def test_a_child_that_always_fails_is_tried_again_ever_more_slowly_but_within_three_seconds() -> None:
    supervisor, starts = Supervisor(), list[float]()

    def count() -> None:
        starts.append(time.monotonic())
        if len(starts) == 4:
            supervisor.request_stop()

    supervisor.start(Child(name="failing", argv=["/bin/false"], before=count))
    supervisor.run()
    supervisor.stop()
    waits = [later - earlier for earlier, later in pairwise(starts)]
    assert waits == sorted(waits)
    assert waits[-1] < 3


def test_a_child_that_ends_before_it_is_ready_says_why(tmp_path: Path) -> None:
    supervisor, log = Supervisor(), tmp_path / "log"
    broken = Child(name="broken", argv=["/bin/ls", "/no/such/file"], log=log, ready=lambda _pid: False)
    with pytest.raises(ChildFailed, match=r"broken did not start.*/no/such/file"):
        supervisor.start(broken)
    assert supervisor.pid_of("broken") is None


def test_a_program_that_does_not_exist_says_so(tmp_path: Path) -> None:
    absent = Child(name="absent", argv=["/no/such/program"], log=tmp_path / "log", ready=lambda _pid: False)
    with pytest.raises(ChildFailed, match="cannot start /no/such/program"):
        Supervisor().start(absent)


def deaf_child(log: Path, *, seconds: float) -> Child:
    """A child that ignores SIGTERM, and is given `seconds` to end."""
    program = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    return Child(
        name="deaf",
        argv=[sys.executable, "-c", program],
        log=log,
        ready=lambda _pid: "deaf" in log.read_text(),
        stop_steps=[stack.StopStep(signal.SIGTERM, seconds)],
    )


def test_a_child_that_will_not_stop_is_killed_in_bounded_time(tmp_path: Path) -> None:
    supervisor = Supervisor()
    supervisor.start(deaf_child(tmp_path / "log", seconds=0.2))
    pid = supervisor.pid_of("deaf")
    begun = time.monotonic()
    supervisor.stop()
    assert 0.2 < time.monotonic() - begun < 2
    assert not Path("/proc", str(pid)).exists()


def test_whoever_asks_twice_does_not_wait_for_a_child_that_will_not_stop(tmp_path: Path) -> None:
    supervisor = Supervisor()
    supervisor.start(deaf_child(tmp_path / "log", seconds=30))
    supervisor.request_stop()
    supervisor.request_stop()
    begun = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - begun < 2


def test_nothing_is_started_once_the_stop_was_asked_for() -> None:
    supervisor = Supervisor()
    supervisor.request_stop()
    with pytest.raises(StopRequested):
        supervisor.start(Child(name="late", argv=["/bin/true"]))
    assert supervisor.pid_of("late") is None


def test_children_may_only_be_started_from_the_main_thread() -> None:
    refused: list[Exception] = []

    def attempt() -> None:
        try:
            Supervisor().start(Child(name="late", argv=["/bin/true"]))
        except WrongThread as error:
            refused.append(error)

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert len(refused) == 1
