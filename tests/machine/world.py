"""What the machine acts on: one database connection whose work is never kept, with the services of the product on it.

Each act is a unit of work in a savepoint of its own: a refusal undoes it, as the edge does. Deferred constraints are
asked for after each act, because no commit ever comes.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.delivery.rules.retries import Answer
from app.identity.service import AccessChange, GroupTerms, change_access, create_group, create_person, create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.jobs import take_jobs
from app.kernel.sealing import Vault, keep_vault
from tests.factories.people import add_rate
from tests.factories.timing import set_queue
from tests.factories.work import add_endpoint, add_policy, add_task_type
from tests.machine.clock import StillClock
from tests.machine.kinds import CREWS, KINDS, OTHERS_QUEUE, PEOPLE, QUEUES, RELAXED, RELAXED_AFTER_MS
from workers.task import Tools


class _OneConnection(Database):
    """A database whose every unit of work is a savepoint on one connection."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        super().__init__(connection.engine, vault, lambda _jobs: None)
        self._connection = connection
        self._seal = vault

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        with Session(
            self._connection, join_transaction_mode="create_savepoint", expire_on_commit=False, autoflush=True
        ) as session:
            keep_vault(session, self._seal)
            with session.begin():
                yield session
                # No commit comes that would ask for them.
                session.flush()
                session.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                session.execute(text("SET CONSTRAINTS ALL DEFERRED"))
            take_jobs(session)


def _accept(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
    return Answer(204, 1)


class World:
    """A workspace with people and kinds of work, on a clock that stands still."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        self.clock = StillClock(connection)
        self.database: Database = _OneConnection(connection, vault)
        self.tools = Tools(self.database, _accept)
        with self.database.unit_of_work() as session:
            now = read_now(session)
            self.workspace_id: UUID = create_workspace(session=session, now=now, name="Acme").id
            self.people: dict[str, UUID] = {name: self._add_person(session, now, name) for name in PEOPLE}
            self.crews: dict[str, UUID] = {name: self._add_crew(session, now, name) for name in CREWS}
            self.endpoint = add_endpoint(session, self.workspace_id, "submission.decided")
            for name, kind in KINDS.items():
                add_task_type(session, self.workspace_id, name=name, **kind.definition)
                if kind.rule:
                    add_policy(session, self.workspace_id, task_type=name, rules=[kind.rule])
            add_rate(session, self.workspace_id)
            for queue in QUEUES:
                self.set_queue(session, queue, paused=False)

    def _add_person(self, session: Session, now: datetime, name: str) -> UUID:
        person = PEOPLE[name]
        common: dict[str, Any] = {"now": now, "actor": COMMAND, "workspace_id": self.workspace_id}
        person_id = create_person(
            session,
            email=f"{name}@example.org",
            roles=person.roles,
            skills=person.skills,
            queues=person.queues,
            **common,
        )
        change_access(session, person_id=person_id, change=AccessChange(capacity=person.capacity), **common)
        return person_id

    def _add_crew(self, session: Session, now: datetime, name: str) -> UUID:
        crew = CREWS[name]
        members = tuple(self.people[member] for member in crew.members)
        terms = GroupTerms(name, skills=crew.skills, queues=crew.queues, members=members)
        return create_group(session, now=now, actor=COMMAND, workspace_id=self.workspace_id, terms=terms).id

    def set_queue(self, session: Session, name: str, *, paused: bool) -> None:
        """Let a queue be worked as the model says, or pause it."""
        others: dict[str, Any] = {
            "skip_policy": "others",
            "relaxations": [{"after_ms": RELAXED_AFTER_MS, "drop": [RELAXED], "candidates": True}],
        }
        set_queue(session, self.workspace_id, name, paused=paused, **(others if name == OTHERS_QUEUE else {}))

    def unit_of_work(self) -> Any:
        """Return a unit of work."""
        return self.database.unit_of_work()

    def actor(self, person: str) -> Actor:
        """Return a person as one who acts."""
        return Actor("person", self.people[person])


@contextmanager
def world_of(engine: Engine, vault: Vault) -> Iterator[tuple[World, Connection]]:
    """Make a world that is gone after the block."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            # What would wait for an idle transaction to end waits for the whole machine.
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield World(connection, vault), connection
        finally:
            transaction.rollback()
