"""A Redis of one's own, and a workspace in which decisions for an endpoint are made and really committed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from redis import Redis
from sqlalchemy import select

from app.adapters.http_sender import HttpSender, Limits
from app.audit.rules import COMMAND
from app.delivery.models import Delivery, DeliveryAttempt, Endpoint
from app.delivery.service import register_endpoint
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.factories.people import add_person
from tests.factories.reviewing import hand_in, take
from tests.factories.servers import Servers
from tests.factories.work import add_item, add_task_type
from tests.workers.certificates import Authority
from workers.task import Tools


@pytest.fixture
def redis_url(servers: Servers, worker_id: str) -> Iterator[str]:
    """The URL of an empty Redis database that no parallel test run uses."""
    number = 1 + int(worker_id.removeprefix("gw")) % 15 if worker_id.startswith("gw") else 1
    parts = urlsplit(servers.redis_url)
    by_path = parts.scheme == "unix"
    url = f"unix://{parts.path}?db={number}" if by_path else f"{parts.scheme}://{parts.netloc}/{number}"
    with Redis.from_url(url) as connection:
        connection.flushdb()
        yield url
        connection.flushdb()


@pytest.fixture
def tools(database: Database) -> Tools:
    """Tools whose sender may call receivers on loopback."""
    return Tools(database, HttpSender(allow_private=True, limits=Limits(total=3.0)))


@dataclass
class Desk:
    """A workspace with one reviewer; everything that happens here is committed."""

    database: Database
    workspace_id: UUID
    person_id: UUID
    endpoints: list[UUID] = field(default_factory=list)

    def register(self, url: str) -> tuple[Endpoint, str]:
        """Register an endpoint for decisions; return it with its secret."""
        with self.database.unit_of_work() as session:
            made = register_endpoint(
                session,
                now=read_now(session),
                actor=COMMAND,
                workspace_id=self.workspace_id,
                url=url,
                types=["submission.decided"],
                allow_private=True,
            )
        return made.endpoint, made.secret

    def decide(self, endpoint: Endpoint, *, at_desk: bool = False) -> UUID:
        """Submit, review and decide one more submission for an endpoint; return its id."""
        with self.database.unit_of_work() as session:
            item = add_item(session, self.workspace_id, endpoint=endpoint)
            hand_in(session, take(session, self.workspace_id, self.person_id, item_id=item.id), at_desk=at_desk)
            return item.submission_id

    def deliveries(self) -> list[Delivery]:
        """Return every delivery as it is now, in order."""
        with self.database.unit_of_work() as session:
            return list(session.scalars(select(Delivery).order_by(Delivery.id)))

    def attempts(self) -> list[DeliveryAttempt]:
        """Return every try so far, in order."""
        with self.database.unit_of_work() as session:
            return list(session.scalars(select(DeliveryAttempt).order_by(DeliveryAttempt.number)))


@pytest.fixture
def desk(database: Database) -> Desk:
    """A desk at Acme whose decisions are final at once when they come by the API, in two seconds at the desk."""
    with database.unit_of_work() as session:
        workspace_id = create_workspace(session=session, now=read_now(session), name="Acme").id
        add_task_type(session, workspace_id, undo_ms=2_000)
        return Desk(database, workspace_id, add_person(session, workspace_id))


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """A certificate authority that nobody trusts by itself."""
    return Authority(tmp_path)
