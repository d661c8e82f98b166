"""An installation for each test, over a database of its own."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import drop_database, make_database
from tests.factories.servers import Servers
from tests.howto.house import House, make_house

SECRET = "6f1c02b9d84e7a53c0ffee1199aa5577"


@pytest.fixture
def house(servers: Servers, worker_id: str) -> Iterator[House]:
    """An installation whose schema is up to date and that has nobody in it."""
    name = f"proofdesk_howto_{worker_id}_{os.getpid()}"
    folder = Path(tempfile.mkdtemp(prefix="pd-howto-", dir="/tmp"))
    try:
        yield make_house(folder, database_url=make_database(servers, name), redis_url=servers.redis_url, secret=SECRET)
    finally:
        drop_database(servers, name)
        shutil.rmtree(folder, ignore_errors=True)
