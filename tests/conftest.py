"""What every test may ask for: a real PostgreSQL migrated once, a savepoint per test, a clock that stands still.

DATABASE_URL and REDIS_URL name servers to test against; without them a throw-away pair is started. Each worker of a
parallel run gets a database of its own, copied from one migrated template.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast
from uuid import UUID

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

from app.embedded.stack import temporary_servers
from app.identity.service import create_workspace
from app.kernel.db import Database, make_engine
from app.kernel.jobs import Job
from app.kernel.schema import upgrade
from app.kernel.sealing import Vault, keep_vault
from tests.factories.servers import Servers

# A busy machine must not fail a property: no test asserts a time. The same examples in every run of CI.
settings.register_profile("proofdesk", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("proofdesk")


class _Stderr:
    """Standard error as it is when something is written: what a test captures, and never what a command prints."""

    def write(self, text: str) -> int:
        """Write."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush."""
        sys.stderr.flush()


# A thread that one test leaves behind may log in the middle of another.
structlog.configure(logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _Stderr())))

SECRET = "tests only, never an installation: 0123456789abcdef"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """A PostgreSQL and a Redis for this run: those of the environment, else private ones."""
    database_url, redis_url = os.environ.get("DATABASE_URL"), os.environ.get("REDIS_URL")
    if database_url and redis_url:
        yield Servers(database_url, redis_url)
        return
    with temporary_servers(tmp_path_factory.mktemp("servers")) as started:
        yield Servers(started.database_url, started.redis_url)


def administer(url: URL, *statements: str) -> None:
    """Run statements outside of any transaction, as whoever may make databases."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def make_empty_database(servers: Servers, name: str) -> str:
    """Create an empty database and return its URL."""
    url = make_url(servers.database_url)
    administer(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    return url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)


def make_database(servers: Servers, name: str) -> str:
    """Create a database, migrate it, and return its URL."""
    url = make_url(make_empty_database(servers, name)).set(drivername="postgresql+psycopg")
    rendered = url.render_as_string(hide_password=False)
    upgrade(rendered)
    return rendered


def drop_database(servers: Servers, name: str) -> None:
    """Drop a database, whoever is still connected."""
    administer(make_url(servers.database_url), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def database_url(servers: Servers, worker_id: str) -> Iterator[str]:
    """The URL of this worker's migrated database."""
    name = f"proofdesk_test_{worker_id}_{os.getpid()}"
    yield make_database(servers, name)
    drop_database(servers, name)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """One engine for this worker."""
    engine = make_engine(database_url, pool_size=10, max_overflow=30)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def vault() -> Vault:
    """Seals and opens with the tests' secret."""
    return Vault(SECRET)


@pytest.fixture
def session(engine: Engine, vault: Vault) -> Iterator[Session]:
    """A session whose work is rolled back after the test; commits inside only release a savepoint."""
    with ExitStack() as stack:
        connection = stack.enter_context(engine.connect())
        transaction = connection.begin()
        session = Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        keep_vault(session, vault)
        try:
            yield session
        finally:
            session.close()
            transaction.rollback()


@pytest.fixture
def sent() -> list[Job]:
    """Jobs that left after a commit of `database`."""
    return []


@pytest.fixture
def database(engine: Engine, vault: Vault, sent: list[Job]) -> Iterator[Database]:
    """A database that really commits, for races and workers; every table is emptied afterwards."""
    yield Database(engine, vault, sent.extend)
    empty_tables(engine)


def empty_tables(engine: Engine) -> None:
    """Delete every row, whatever keeps it."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        names = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'")
        ).all()
        for name in names:
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608  # names come from the catalogue


@pytest.fixture
def now() -> datetime:
    """A Monday morning."""
    return NOW


@pytest.fixture
def workspace(session: Session, now: datetime) -> UUID:
    """A workspace called Acme."""
    return create_workspace(session=session, now=now, name="Acme").id


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the source tree."""
    return Path(__file__).resolve().parent.parent
