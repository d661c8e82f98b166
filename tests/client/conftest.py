"""A live Proofdesk, a client of the package under test, and a reviewer who answers when she is told to."""

from collections.abc import Iterator

import pytest

from app.factory import create_app
from app.kernel.db import Database
from app.settings import Settings
from proofdesk_client import Client
from tests.client.reviewer import Reviewer
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.serving import serving
from tests.factories.site import Site, make_site


@pytest.fixture
def site(database: Database, database_url: str, servers: Servers) -> Site:
    """A workspace called Acme, with a task type for refunds whose calls all wait."""
    settings = Settings(
        database_url=database_url, redis_url=servers.redis_url, secret_key=SECRET, rate_limit_per_minute=None
    )
    site = make_site(create_app(settings, database=database))
    site.define_addresses()
    assert site.call("POST", "/task-types", {"name": "refunds", "undo_seconds": 0}).status == 201
    return site


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    """The address of a server for the site's app."""
    with serving(site.app) as address:
        yield address


@pytest.fixture
def client(url: str, site: Site) -> Iterator[Client]:
    """A client with a key of the site."""
    with Client(url, site.keys["all"]) as client:
        yield client


@pytest.fixture
def ada(url: str, site: Site) -> Iterator[Reviewer]:
    """The reviewer Ada, who judges through the package too."""
    with Client(url, site.keys["ada"]) as client, Reviewer(client) as reviewer:
        yield reviewer
