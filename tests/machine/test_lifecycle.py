"""Anything in any order: after every step the tables say what the model says, and every promise holds."""

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from sqlalchemy import Engine

from app.kernel.sealing import Vault
from tests.machine.ground import Ground
from tests.machine.judging import Judging
from tests.machine.passing import Passing
from tests.machine.reversing import Reversing
from tests.machine.world import world_of


class Lifecycle(Reversing, Passing, Judging):
    """Every act there is."""


@pytest.fixture
def machine(engine: Engine, vault: Vault) -> Iterator[type[Ground]]:
    """The machine in a world of its own, made once: each run begins where the world was made."""
    with world_of(engine, vault) as (world, connection):

        class InThisWorld(Lifecycle):
            """Every act, in this world."""

        InThisWorld.world, InThisWorld.connection = world, connection
        yield InThisWorld


@pytest.mark.parametrize(("runs", "steps"), [(30, 20), pytest.param(300, 40, marks=pytest.mark.soak)])
def test_whatever_happens_the_story_is_one(machine: type[Ground], runs: int, steps: int) -> None:
    # Making a failure smaller takes minutes; the short test prints the steps as they were found.
    phases = [Phase.generate] if runs < 100 else [Phase.generate, Phase.shrink]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            phases=phases,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
