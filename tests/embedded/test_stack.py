"""The private servers hold their data, keep to themselves, and start whatever was left behind."""

import json
import os
import signal
import socket
import stat
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy.engine import make_url

from app.embedded import stack
from app.embedded.stack import AlreadyRunning, DataDirUnreachable, NotRunning, Running
from tests.embedded.killing import answers, ask, instance, processes_of, until, wait_ready

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, whose servers run as another user")


def test_a_second_start_keeps_what_both_servers_held(data_dir: Path) -> None:
    with stack.start(data_dir) as servers:
        first = stack.require_running(data_dir)
        ask(first, "CREATE TABLE kept AS SELECT 42 AS value")
        with Redis.from_url(servers.redis_url) as redis:
            redis.set("kept", "42")
    with stack.start(data_dir) as servers:
        assert ask(stack.require_running(data_dir), "SELECT value FROM kept") == 42
        with Redis.from_url(servers.redis_url) as redis:
            assert redis.get("kept") == b"42"
        ask(stack.require_running(data_dir), "DROP TABLE kept")


def test_a_stop_leaves_no_process_and_no_socket(data_dir: Path) -> None:
    with stack.start(data_dir) as servers:
        sockets = Path(str(make_url(servers.database_url).query["host"]))
        assert sockets.is_dir()
        assert processes_of(data_dir)
    assert processes_of(data_dir) == {}
    assert not sockets.exists()


def test_a_data_dir_with_a_path_too_long_for_a_socket_works(data_dir: Path) -> None:
    assert len(str(data_dir)) > 107
    with stack.start(data_dir):
        assert answers(data_dir)


def test_the_servers_are_durable_private_and_never_evict(data_dir: Path) -> None:
    with stack.start(data_dir) as servers:
        noted = stack.require_running(data_dir)
        settings = {name: ask(noted, f"SHOW {name}") for name in ("fsync", "full_page_writes", "synchronous_commit")}
        assert set(settings.values()) == {"on"}
        assert ask(noted, "SHOW listen_addresses") == ""
        assert ask(noted, "SELECT lower('ÄÖ')") == "äö"
        sockets = Path(str(make_url(servers.database_url).query["host"]))
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        with Redis.from_url(servers.redis_url) as redis:
            wanted = {"port": "0", "appendonly": "yes", "maxmemory-policy": "noeviction"}
            assert {name: redis.config_get(name)[name] for name in wanted} == wanted


def test_a_valkey_file_that_cannot_be_read_does_not_stop_the_start(data_dir: Path) -> None:
    with stack.start(data_dir):
        pass
    manifest = next(data_dir.glob("valkey/appendonlydir/*.manifest"))
    manifest.write_text("this is not a manifest\n")
    with stack.start(data_dir):
        assert answers(data_dir)
    assert (data_dir / "valkey.unreadable").is_dir()


def test_a_second_instance_on_the_same_data_is_refused(running: Path) -> None:
    with pytest.raises(AlreadyRunning), stack.start(running):
        pass
    assert answers(running)


def test_other_commands_find_a_running_instance_and_only_that(data_dir: Path) -> None:
    with pytest.raises(NotRunning):
        stack.require_running(data_dir)
    with instance(data_dir) as process:
        wait_ready(process)
        found = stack.require_running(data_dir)
        assert found.supervisor_pid == process.pid
        assert found.web_url == "http://127.0.0.1:8080"
    assert stack.find_running(data_dir) is None


def test_a_note_of_a_killed_run_with_a_reused_process_id_is_not_believed(data_dir: Path) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    (data_dir / "lock").touch()
    note = Running(supervisor_pid=os.getpid(), database_url="x", redis_url="y")
    (data_dir / "running.json").write_text(json.dumps(vars(note)))
    assert stack.find_running(data_dir) is None


def test_servers_given_from_outside_are_used_and_not_started(open_folder: Path) -> None:
    with stack.start(open_folder, database_url="postgresql://elsewhere/x", redis_url="redis://elsewhere") as servers:
        assert servers.database_url == "postgresql://elsewhere/x"
        assert stack.require_running(open_folder).database_url is None
        assert all("embedded.guard" in line for line in processes_of(open_folder).values())
    assert not (open_folder / "postgres").exists()


def test_a_stop_during_the_first_start_ends_cleanly(open_folder: Path) -> None:
    with instance(open_folder) as process:
        until((open_folder / "postgres.new").exists, seconds=5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert processes_of(open_folder) == {}
    assert stack.find_running(open_folder) is None


def test_a_cluster_whose_making_was_killed_is_made_anew(open_folder: Path) -> None:
    draft = open_folder / "postgres.new"
    with instance(open_folder) as process:
        until((draft / "PG_VERSION").exists, seconds=5)
        process.kill()
    until(lambda: processes_of(open_folder) == {}, seconds=5)
    assert not (open_folder / "postgres").exists()
    with stack.start(open_folder):
        assert answers(open_folder)
    assert not draft.exists()


def test_the_secret_key_is_made_once_and_private(open_folder: Path) -> None:
    home = open_folder / "home"
    key = stack.make_secret_key(home)
    assert len(key) >= 32
    assert stack.make_secret_key(home) == key
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in home.iterdir()] == ["secret_key"]


def test_data_go_to_the_persons_own_folder_and_those_of_root_to_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert stack.default_data_dir() == Path("/var/lib/proofdesk")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert stack.default_data_dir() == Path("/data/proofdesk")
    monkeypatch.setenv("XDG_DATA_HOME", "relative")
    assert stack.default_data_dir() == Path.home() / ".local/share/proofdesk"


@as_root
def test_a_data_dir_that_the_servers_cannot_enter_is_a_clear_error(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(DataDirUnreachable, match="nobody"), stack.start(closed / "data"):
        pass
    assert stack.find_running(closed / "data") is None


def test_throw_away_servers_are_ready_at_once_and_gone_afterwards(tmp_path: Path) -> None:
    with stack.temporary_servers(tmp_path) as servers:
        here = Running(supervisor_pid=os.getpid(), database_url=servers.database_url, redis_url=servers.redis_url)
        assert ask(here, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
        assert ask(here, "SHOW fsync") == "off"
        home = servers.data_dir
        assert processes_of(home)
        address = str(servers.redis_url.removeprefix("unix://"))
    assert processes_of(home) == {}
    assert not home.exists()
    with socket.socket(socket.AF_UNIX) as gone, pytest.raises(FileNotFoundError):
        gone.connect(address)
