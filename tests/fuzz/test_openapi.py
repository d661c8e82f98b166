"""Generated requests for every operation of the OpenAPI description, as two users, with every check of schemathesis.

One user holds every scope, so that bodies are looked at everywhere; to the other one, a reviewer, most is closed.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from app.audit.rules import COMMAND
from app.factory import create_app
from app.identity.rules import SCOPES
from app.identity.service import create_key
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.settings import Settings
from tests.conftest import SECRET
from tests.factories.servers import Servers
from tests.factories.serving import serving
from tests.factories.site import Site, make_site

CONFIG = Path(__file__).with_name("schemathesis.toml")
SECONDS = 7_200


@pytest.fixture
def site(database: Database, database_url: str, servers: Servers) -> Site:
    """A workspace in which something waits, and a key that may do everything."""
    settings = Settings(database_url, servers.redis_url, SECRET, rate_limit_per_minute=None)
    site = make_site(create_app(settings, database=database))
    person_id = site.add_person("mighty", ["admin", "lead", "reviewer"])
    with database.unit_of_work() as session:
        made = create_key(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=site.workspace_id,
            scopes=sorted(SCOPES),
            person_id=person_id,
        )
    site.keys["mighty"] = made.text
    site.define_addresses()
    site.submit()
    return site


@pytest.mark.parametrize("key", ["mighty", "ada"])
@pytest.mark.parametrize("examples", [2, pytest.param(200, marks=pytest.mark.soak)])
def test_every_operation_answers_as_it_is_described(site: Site, key: str, examples: int, tmp_path: Path) -> None:
    with serving(site.app) as url:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("st")),
                *("--config-file", str(CONFIG), "run", f"{url}/api/v1/openapi.json", "--url", url),
                *("--header", f"Authorization: Bearer {site.keys[key]}"),
                # A stream has no end.
                *("--exclude-path", "/api/v1/decisions/stream"),
                *("--max-examples", str(examples), "--seed", "1"),
                *("--continue-on-failure", "--no-color", "--request-timeout", "60"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr
