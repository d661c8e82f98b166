"""Whoever owns the ledger may add to it and may not change it, whatever becomes of the triggers."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import make_engine
from app.kernel.schema import upgrade
from app.kernel.sealing import Vault, keep_vault
from app.reports.invariants import check_invariants
from tests.conftest import administer, drop_database, make_empty_database
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import begin_earlier, hand_in, put_back, take
from tests.factories.servers import Servers
from tests.factories.work import add_item, add_task_type

LEDGER = {
    "adjusting_entries",
    "cost_entries",
    "exchange_rates",
    "period_closes",
    "piece_entries",
    "rate_cards",
    "time_entries",
}
RIGHTS = text("""
SELECT c.relname, granted.privilege_type
  FROM pg_class c, aclexplode(c.relacl) AS granted
 WHERE c.relname = ANY (:tables) AND c.relkind = 'r' AND granted.grantee = c.relowner
""")


def test_the_owner_of_the_ledger_has_no_right_to_change_it(session: Session) -> None:
    rights: dict[str, set[str]] = {}
    for table, right in session.execute(RIGHTS, {"tables": list(LEDGER)}):
        rights.setdefault(table, set()).add(right)
    assert set(rights) == LEDGER
    for table, granted in rights.items():
        assert granted & {"UPDATE", "DELETE", "TRUNCATE"} == set(), table
        assert granted >= {"SELECT", "INSERT", "REFERENCES"}, table


@pytest.fixture
def clerks(servers: Servers, worker_id: str) -> Iterator[str]:
    """The URL of a database whose owner is no superuser, and as whom everybody works in it."""
    name = f"proofdesk_clerks_{worker_id}_{os.getpid()}"
    url = make_url(make_empty_database(servers, name)).set(drivername="postgresql+psycopg")
    admin = make_url(servers.database_url)
    administer(admin, f"CREATE ROLE {name}", f"ALTER DATABASE {name} OWNER TO {name}")
    administer(admin, f"ALTER DATABASE {name} SET role = {name}")
    rendered = url.render_as_string(hide_password=False)
    upgrade(rendered)
    yield rendered
    drop_database(servers, name)
    administer(admin, f"DROP ROLE {name}")


def test_an_owner_who_is_no_superuser_works_and_cannot_change_what_is_posted(clerks: str, vault: Vault) -> None:
    engine = make_engine(clerks)
    with Session(engine) as session:
        keep_vault(session, vault)
        assert not session.scalar(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"))
        workspace = create_workspace(session, now=read_now(session), name="Acme").id
        add_task_type(session, workspace)
        add_rate(session, workspace)
        ada = add_person(session, workspace, "ada")
        for _ in range(2):
            add_item(session, workspace)
        hand_in(session, begin_earlier(session, take(session, workspace, ada), 5))
        put_back(session, take(session, workspace, ada))
        assert session.scalar(text("SELECT count(*) FROM cost_entries WHERE amount IS NOT NULL"))
        assert check_invariants(session) == []
        for statement in ("UPDATE time_entries SET ms = 0", "DELETE FROM cost_entries", "TRUNCATE rate_cards CASCADE"):
            with pytest.raises(ProgrammingError, match="permission denied"), session.begin_nested():
                session.execute(text(statement))
    engine.dispose()
