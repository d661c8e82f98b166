"""A lease lives on by input alone, and not for ever."""

from datetime import timedelta

import pytest

from app.timekeeping.rules import LEASE_CEILING, extend_lease, extends_lease
from tests.rules.timekeeping.claims import START


@pytest.mark.parametrize(
    ("after", "claim_seconds", "expires"),
    [
        (timedelta(0), 900, timedelta(minutes=15)),
        (timedelta(minutes=10), 900, timedelta(minutes=25)),
        (timedelta(hours=3, minutes=50), 900, timedelta(hours=4)),
        (timedelta(hours=4), 5, timedelta(hours=4)),
        (timedelta(hours=1), 86_400, timedelta(hours=24)),
    ],
)
def test_an_active_beat_extends_to_the_ceiling_and_never_shortens(
    after: timedelta, claim_seconds: int, expires: timedelta
) -> None:
    assert extend_lease(START, START + after, claim_seconds) == START + expires


def test_the_ceiling_can_be_another() -> None:
    assert extend_lease(START, START, 900, timedelta(minutes=20)) == START + timedelta(minutes=15)
    later = START + timedelta(minutes=10)
    assert extend_lease(START, later, 900, timedelta(minutes=20)) == START + timedelta(minutes=20)
    assert timedelta(hours=4) == LEASE_CEILING


def test_only_an_active_beat_extends() -> None:
    assert extends_lease("active")
    assert not extends_lease("idle")
    assert not extends_lease("blurred")
    assert not extends_lease("hidden")
