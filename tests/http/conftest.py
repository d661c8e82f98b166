"""The app over a database that really commits, and a workspace in it."""

import pytest

from app.edge.unit_of_work import ProofdeskApp
from app.factory import create_app
from app.kernel.db import Database
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.site import Site, make_site


@pytest.fixture
def app(database: Database, database_url: str, servers: Servers) -> ProofdeskApp:
    """The app as wsgi.py makes it, over the tests' database."""
    settings = Settings(
        database_url=database_url,
        redis_url=servers.redis_url,
        secret_key=SECRET,
        rate_limit_per_minute=None,
        allow_private_endpoints=True,
    )
    return create_app(settings, database=database)


@pytest.fixture
def site(app: ProofdeskApp) -> Site:
    """A workspace called Acme."""
    return make_site(app)
