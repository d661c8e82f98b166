"""Behind PgBouncer in transaction mode the service does all it does, over few connections."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy.engine import make_url

from app.kernel.db import CONNECT_SETTINGS, make_engine
from tests.howto.house import House, free_port
from tests.howto.life import bring_life
from tests.howto.pages import commands
from tests.howto.serving import web
from tests.structure.source import ROOT

NEWEST_TOO_OLD = (1, 21)


def _follows_prepared_statements() -> bool:
    program = shutil.which("pgbouncer")
    if program is None:
        return False
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", said)[:2]
    return (int(major), int(minor)) > NEWEST_TOO_OLD


pytestmark = pytest.mark.skipif(not _follows_prepared_statements(), reason="needs PgBouncer 1.22 or newer")


@contextmanager
def bouncing(house: House) -> Iterator[str]:
    """Run PgBouncer as the sample has it, before the house's database; yield its URL."""
    url, port = make_url(house.environment["DATABASE_URL"]), free_port()
    host, place = url.query.get("host") or url.host, url.query.get("port") or url.port or 5432
    (house.folder / "users").write_text(f'"{url.username}" "{url.password or ""}"\n', encoding="utf-8")
    text = (ROOT / "deploy" / "pgbouncer.ini").read_text(encoding="utf-8")
    changes = {
        "host=127.0.0.1 port=5432 dbname=proofdesk": f"host={host} port={place} dbname={url.database}",
        "listen_port = 6432": f"listen_port = {port}\nunix_socket_dir =",
        "/etc/pgbouncer/userlist.txt": f"{house.folder}/users",
        "auth_type = scram-sha-256": "auth_type = trust",
    }
    for old, new in changes.items():
        assert old in text, f"the sample has no {old!r}"
        text = text.replace(old, new)
    (house.folder / "pgbouncer.ini").write_text(text, encoding="utf-8")
    house.folder.chmod(0o755)
    with house.running("pgbouncer", "-u", "nobody", str(house.folder / "pgbouncer.ini")):
        house.run(f"for _ in $(seq 100); do pg_isready -q -h 127.0.0.1 -p {port} && exit; sleep 0.1; done; exit 1")
        yield f"postgresql://{url.username}@127.0.0.1:{port}/proofdesk"


def settings_at(url: str) -> dict[str, str]:
    """Return those settings of a connection to this address that the service asks for."""
    engine = make_engine(url, pool_size=1)
    with engine.connect() as connection:
        return {name: str(connection.exec_driver_sql(f"SHOW {name}").scalar_one()) for name in CONNECT_SETTINGS}


def test_programs_and_reviewers_notice_nothing_and_eight_connections_are_enough(house: House) -> None:
    (role_settings,) = commands("pgbouncer")
    house.run(role_settings)
    house = house.with_settings(PROOFDESK_ALLOW_PRIVATE_ENDPOINTS="on")
    with bouncing(house) as url:
        bounced = house.with_settings(DATABASE_URL=url)
        assert settings_at(url) == settings_at(house.environment["DATABASE_URL"])
        with web(bounced, "a") as first, web(bounced, "b") as second:
            life = bring_life(bounced, first)
            with ThreadPoolExecutor(16) as crowd:
                made = list(crowd.map(lambda n: life.at((first, second)[n % 2]).submit(), range(120)))
            assert len(set(made)) == 120
            life.at(second).decide()
            servers = house.run(
                'psql --tuples-only --no-align "$DATABASE_URL" -c "SELECT count(*) FROM pg_stat_activity'
                ' WHERE datname = current_database() AND pid <> pg_backend_pid()"'
            )
            assert int(servers) <= 8
        # No worker runs here, which would seal the trail within a second.
        assert "All invariants hold." in bounced.run("proofdesk audit seal && proofdesk verify")
