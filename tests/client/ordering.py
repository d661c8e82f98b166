"""The sequencer's work, done when a test says so."""

from redis import Redis

from app.adapters.redis_bell import ring
from app.feed.service import number_due
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.factories.servers import Servers


def put_in_order(database: Database, servers: Servers) -> None:
    """Do what the sequencer does."""
    with database.unit_of_work() as session:
        numbered = number_due(session, now=read_now(session), limit=1_000)
    with Redis.from_url(servers.redis_url) as redis:
        ring(redis, [one.hex for one in numbered.workspaces])
