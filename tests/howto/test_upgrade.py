"""An upgrade as the page has it: programs go on meanwhile, and not one of their requests fails."""

import threading
from collections import Counter
from contextlib import ExitStack

import httpx
import psycopg
import pytest

from tests.howto.house import House
from tests.howto.life import CITY
from tests.howto.pages import commands
from tests.howto.proxied import NGINX, Proxy, at_site, proxied, taking_over
from tests.howto.serving import web


class Program(threading.Thread):
    """Submits and reads until told to stop, and counts what it was answered."""

    def __init__(self, proxy: Proxy, key: str) -> None:
        super().__init__(daemon=True)
        self._client = proxy.client(key)
        self.answers: Counter[str] = Counter()
        self.enough = threading.Event()

    def run(self) -> None:
        """Go on."""
        with self._client as client:
            while not self.enough.is_set():
                self._once(client)

    def _once(self, client: httpx.Client) -> None:
        try:
            made = client.post("/api/v1/submissions", json=CITY)
            self.answers[f"POST {made.status_code}"] += 1
            read = client.get(f"/api/v1/submissions/{made.json().get('id')}")
            self.answers[f"GET {read.status_code}"] += 1
        except httpx.HTTPError as error:
            self.answers[repr(error)] += 1


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
def test_no_request_fails_while_both_web_servers_are_replaced(house: House) -> None:
    house = at_site(house)
    house.run("proofdesk workspace create Acme")
    key = house.run("proofdesk key create --workspace Acme --scopes admin,submit,read").split()[-1]
    with proxied(house) as proxy, ExitStack() as last:
        programs = [Program(proxy, key) for _ in range(4)]
        old = last.enter_context(ExitStack())
        old.enter_context(taking_over(house, "a"))
        with proxy.client(key) as client:
            made = client.post("/api/v1/task-types", json={"name": "city", "output_schema": {"type": "object"}})
            assert made.status_code == 201, made.text
        for program in programs:
            program.start()
        for name in ("b", "a"):
            new = last.enter_context(ExitStack())
            new.enter_context(taking_over(house, name))
            old.close()
            old = new
        for program in programs:
            program.enough.set()
            program.join(30)
    answers = sum((program.answers for program in programs), Counter[str]())
    assert set(answers) == {"POST 201", "GET 200"}


def test_the_old_version_works_on_a_newer_schema_and_not_on_an_older_one(house: House) -> None:
    (bring_up_to_date,) = commands("upgrade")
    house.run(bring_up_to_date)
    with web(house, "old") as socket:
        stand_at(house, "later")
        house.run(f"proofdesk ready --socket {socket}")
        stand_at(house, "0001")
        assert '"migrations":false' in house.run(f"proofdesk ready --socket {socket}", code=1)


def stand_at(house: House, step: str) -> None:
    """Let the schema say that it stands at a step."""
    house.run(f'psql --quiet "$DATABASE_URL" -c "UPDATE alembic_version SET version_num = \'{step}\'"')  # noqa: S608  # our constants


def test_a_step_that_finds_its_table_in_use_says_so_and_changes_nothing(house: House) -> None:
    with psycopg.connect(house.environment["DATABASE_URL"]) as connection:
        connection.execute("LOCK TABLE alembic_version")
        assert "was in use for longer than two seconds" in house.run("proofdesk migrate", code=1)
    assert "up to date" in house.run("proofdesk migrate")
