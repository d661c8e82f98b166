"""A cluster of their own for the tests of seals: a transaction that is open anywhere in a cluster holds them back."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import Engine

from app.embedded.stack import temporary_servers
from app.kernel.db import Database, make_engine
from app.kernel.jobs import Job
from app.kernel.sealing import Vault
from tests.conftest import empty_tables, make_database
from tests.factories.servers import Servers


@dataclass(frozen=True)
class Alone:
    """A migrated database in which nobody else has a transaction."""

    url: str
    redis_url: str
    engine: Engine


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """One for the tests of this folder."""
    with temporary_servers(tmp_path_factory.mktemp("alone")) as started:
        url = make_database(Servers(started.database_url, started.redis_url), "alone")
        engine = make_engine(url, pool_size=10, max_overflow=10)
        yield Alone(url, started.redis_url, engine)
        engine.dispose()


@pytest.fixture
def sealable(alone: Alone, vault: Vault, sent: list[Job]) -> Iterator[Database]:
    """A database that really commits, where seals depend on this test alone; emptied afterwards."""
    yield Database(alone.engine, vault, sent.extend)
    empty_tables(alone.engine)
