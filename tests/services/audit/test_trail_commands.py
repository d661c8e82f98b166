"""The operator's commands for the trail: what is exported is checked elsewhere, without a database."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from app.audit.rules import COMMAND
from app.cli import main
from app.identity.service import create_key, create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.conftest import SECRET
from tests.services.audit.conftest import Alone


@pytest.fixture
def exported(sealable: Database, alone: Alone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The exported chain of a workspace with some events."""
    monkeypatch.setenv("DATABASE_URL", alone.url)
    monkeypatch.setenv("REDIS_URL", alone.redis_url)
    monkeypatch.setenv("SECRET_KEY", SECRET)
    with sealable.unit_of_work() as session:
        now = read_now(session)
        workspace = create_workspace(session=session, now=now, name="Acme").id
        for _ in range(3):
            create_key(session, now=now, actor=COMMAND, workspace_id=workspace, scopes=["read"], expires_at=None)
    assert CliRunner().invoke(main, ["audit", "seal"]).stdout == "4 events sealed.\n"
    path = tmp_path / "chain.jsonl"
    done = CliRunner().invoke(main, ["audit", "export", "--workspace", "Acme", "--to", str(path)])
    assert done.exit_code == 0, done.output
    return path


def test_an_exported_chain_is_checked_without_a_database(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY"):
        monkeypatch.delenv(name)
    done = CliRunner().invoke(main, ["verify", "--chain", str(exported)])
    last = json.loads(exported.read_text().splitlines()[-1])["sha256"]
    assert (done.exit_code, done.stdout) == (
        0,
        f"4 events, each follows from the one before it. The last hash is {last}.\n",
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"key.created"', '"key.forged"', "event 2 is not what was sealed"),
        ('{"seq":3', '["seq",3', "line 3 is not JSON"),
        ('{"seq":3', "7 //", "line 3 is not JSON"),
    ],
)
def test_a_changed_line_is_named(exported: Path, old: str, new: str, words: str) -> None:
    text = exported.read_text()
    assert old in text
    exported.write_text(text.replace(old, new, 1))
    done = CliRunner().invoke(main, ["verify", "--chain", str(exported)])
    assert done.exit_code == 1
    assert words in done.stderr


def test_a_live_system_with_a_forged_event_is_told_of(exported: Path, sealable: Database) -> None:
    assert CliRunner().invoke(main, ["verify"]).stdout == "All invariants hold.\n"
    with sealable.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE events SET actor_kind = 'person' WHERE type = 'key.created'")
    done = CliRunner().invoke(main, ["verify"])
    assert done.exit_code == 1
    assert "a chain is unbroken" in done.stdout
