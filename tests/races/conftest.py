"""A workspace that other transactions can see, and fewer connections than people."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from app.audit.rules import COMMAND
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database, make_engine
from app.kernel.jobs import Job
from app.kernel.sealing import Vault
from tests.factories.people import add_person, add_rate
from tests.factories.work import add_task_type


@pytest.fixture
def crowded(database: Database, database_url: str, vault: Vault, sent: list[Job]) -> Iterator[Database]:
    """The database, with 16 connections for however many threads; whoever gets none waits."""
    engine = make_engine(database_url, pool_size=16, pool_timeout=600)
    yield Database(engine, vault, sent.extend)
    engine.dispose()


@pytest.fixture
def acme(crowded: Database) -> UUID:
    """A workspace with the task type `address` and a rate."""
    with crowded.unit_of_work() as session:
        workspace_id = create_workspace(session, now=read_now(session), name="Acme", actor=COMMAND).id
        add_task_type(session, workspace_id)
        add_rate(session, workspace_id)
    return workspace_id


def add_people(database: Database, workspace_id: UUID, count: int) -> list[UUID]:
    """Make this many reviewers."""
    with database.unit_of_work() as session:
        return [add_person(session, workspace_id, f"p{n}") for n in range(count)]
