"""Each call that changes something leaves its event, and each that is said to leave none leaves none."""

import pytest

from tests.factories.site import Site
from tests.http import act_walks, ledger_walks, program_walks, setup_walks
from tests.http.walker import WALKS, Walker
from tests.structure.leaves import LEAVES, LEAVES_NOTHING

assert setup_walks.HOURS
assert act_walks.__doc__, "its walks are in the table once it is imported"
assert program_walks.__doc__, "likewise"
assert ledger_walks.__doc__, "likewise"


@pytest.mark.parametrize("endpoint", LEAVES)
def test_a_change_leaves_its_event(site: Site, endpoint: str) -> None:
    walker = Walker(site)
    WALKS[endpoint](walker)
    assert LEAVES[endpoint] in walker.events()


@pytest.mark.parametrize("endpoint", LEAVES_NOTHING)
def test_what_is_exempt_leaves_none(site: Site, endpoint: str) -> None:
    walker = Walker(site)
    WALKS[endpoint](walker)
    assert walker.events() == set()
