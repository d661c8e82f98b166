"""A day's work, lived once for all the tests of a file that break it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.sealing import Vault, keep_vault
from tests.services.reports.day import live_a_day


@pytest.fixture(scope="module")
def lived(engine: Engine, vault: Vault) -> Iterator[Session]:
    """A day's work in one workspace beside another."""
    with engine.connect() as connection, connection.begin() as transaction:
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        keep_vault(session, vault)
        create_workspace(session, now=read_now(session), name="Other")
        live_a_day(session, create_workspace(session, now=read_now(session), name="Acme").id)
        session.flush()
        yield session
        session.close()
        transaction.rollback()


@pytest.fixture
def day(lived: Session) -> Iterator[Session]:
    """The day as it was lived, whatever another test has broken."""
    with lived.begin_nested() as whole:
        yield lived
        whole.rollback()
