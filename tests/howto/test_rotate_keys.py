"""The installation's secret is changed while everything runs, and afterwards the old one is needed for nothing."""

from tests.howto.house import House
from tests.howto.life import bring_life
from tests.howto.pages import commands
from tests.howto.serving import web

OLD = "6f1c02b9d84e7a53c0ffee1199aa5577"
NEW = "0d9b3f5576e1482a9c64f7d2b8e013ac"


def both(house: House, secret: str, other: str) -> House:
    """Return the installation with this secret, and another that still opens."""
    return house.with_settings(SECRET_KEY=secret, PROOFDESK_SECRET_KEY_FALLBACKS=other)


def test_every_step_of_the_page_leaves_a_service_that_works(house: House) -> None:
    house = house.with_settings(PROOFDESK_ALLOW_PRIVATE_ENDPOINTS="on")
    rewrap, verify, *others = commands("rotate-keys")
    with web(house, "old") as socket:
        life = bring_life(house, socket)
        house.run(others[0])
        with web(both(house, OLD, NEW), "both") as opens_both:
            life.at(opens_both).decide()
        with web(both(house, NEW, OLD), "swapped") as swapped:
            now = life.at(swapped)
            now.decide()
            now.submit()
            said = both(house, NEW, OLD).run(rewrap)
            assert "contents.data_key: 4 of 5 sealed again" in said
            assert "signing_keys.private: 1 of 1" in said
            assert "endpoints.secret: 1 of 1" in said
            assert "chat_hooks.url: 1 of 1" in said
            assert "Everything lies under SECRET_KEY." in said
            assert "contents.data_key: 0 of 5" in both(house, NEW, OLD).run(rewrap)
    alone = house.with_settings(SECRET_KEY=NEW)
    # No worker runs here, which would seal the trail within a second.
    alone.run("proofdesk audit seal")
    assert "All invariants hold." in alone.run(verify)
    with web(alone, "alone") as socket:
        life.at(socket).decide()
    for script in others:
        alone.run(script)
