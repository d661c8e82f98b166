"""`proofdesk ledger rebuild --check` on a sound ledger that others can see, and on one that was tampered with."""

from uuid import UUID

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from app.cli import main
from app.kernel.db import Database
from app.reports.rebuild import RULE
from tests.conftest import SECRET
from tests.factories.reviewing import begin_earlier, hand_in, take
from tests.factories.work import add_items
from tests.races.conftest import add_people


@pytest.fixture
def worked(crowded: Database, acme: UUID, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Three items decided by one person, in a database that a command finds by its environment."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("SECRET_KEY", SECRET)
    (person,) = add_people(crowded, acme, 1)
    for seconds in (20, 5, 1):
        with crowded.unit_of_work() as session:
            add_items(session, acme, 1)
            hand_in(session, begin_earlier(session, take(session, acme, person), seconds))
    return crowded


def _run(*asked: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["ledger", "rebuild", *asked])
    return done.exit_code, done.stdout


def test_a_sound_ledger_is_what_it_comes_to(worked: Database) -> None:
    assert _run("--check") == (0, "The ledger is what its beats and rates come to: 3 claims.\n")
    assert worked


def test_a_changed_price_is_told_and_nothing_is_changed(worked: Database) -> None:
    sums = text("SELECT sum(amount) FROM cost_entries")
    with worked.unit_of_work() as session:
        session.execute(text("SET LOCAL session_replication_role = replica"))
        session.execute(text("UPDATE cost_entries SET amount = amount * 2"))
        before = session.scalar(sums)
    code, said = _run("--check")
    assert code == 1
    assert [line.partition(": cl_")[0] for line in said.splitlines()] == [RULE] * 3
    assert said.count("its time is priced otherwise than its rates say") == 3
    with worked.unit_of_work() as session:
        assert session.scalar(sums) == before


def test_posted_rows_are_never_rewritten() -> None:
    done = CliRunner().invoke(main, ["ledger", "rebuild"])
    assert done.exit_code == 2
    assert "Add --check" in done.output
