"""The app as the factory makes it. Nothing connects until a request comes, so no server is needed."""

import pytest

from app.edge.unit_of_work import ProofdeskApp
from app.factory import create_app
from app.settings import Settings
from tests.conftest import SECRET


@pytest.fixture(scope="session")
def shape() -> ProofdeskApp:
    """An app that is looked at and never asked."""
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"
    return create_app(Settings(database_url=nowhere, redis_url="redis://127.0.0.1:1", secret_key=SECRET))
