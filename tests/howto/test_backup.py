"""A backup that was taken while programs went on is a whole installation again."""

import threading

from sqlalchemy.engine import make_url

from tests.conftest import drop_database, make_empty_database
from tests.factories.servers import Servers
from tests.howto.house import House
from tests.howto.life import bring_life
from tests.howto.pages import commands
from tests.howto.serving import web


def test_what_was_acknowledged_before_the_backup_is_in_it_and_holds(house: House, servers: Servers) -> None:
    house = house.with_settings(PROOFDESK_ALLOW_PRIVATE_ENDPOINTS="on")
    dump, restore = commands("backup")
    name = f"{make_url(house.environment['DATABASE_URL']).database}_restored"
    restored = house.with_settings(RESTORED_URL=make_empty_database(servers, name))
    try:
        with web(house, "web") as socket:
            life = bring_life(house, socket)
            acknowledged = [life.submit() for _ in range(3)]
            enough = threading.Event()

            def go_on() -> None:
                while not enough.is_set():
                    life.submit()

            program = threading.Thread(target=go_on, daemon=True)
            program.start()
            house.run(dump)
            enough.set()
            program.join(30)
        assert "All invariants hold." in restored.run(restore)
        copy = restored.with_settings(DATABASE_URL=restored.environment["RESTORED_URL"])
        with web(copy, "copy") as socket:
            again = life.at(socket)
            assert {again.call("GET", f"/submissions/{one}", code=200)["status"] for one in acknowledged} == {"waiting"}
            again.decide()
    finally:
        drop_database(servers, name)
