"""How long to wait after failed tries, and where a link leads."""

from datetime import UTC, datetime, timedelta

import pytest

from app.identity.rules import seconds_until_next_try, sign_in_url

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def failures(*seconds_ago: float) -> list[datetime]:
    return [NOW - timedelta(seconds=s) for s in seconds_ago]


@pytest.mark.parametrize(
    ("seconds_ago", "wait"),
    [
        ((), 0),
        ((1, 2), 0),
        ((1, 2, 3), 297),
        ((1, 2, 3, 250), 297),
        ((0, 0, 0), 300),
        ((1, 2, 299.5), 1),
        ((1, 2, 300), 0),
        ((1, 2, 400), 0),
    ],
)
def test_the_wait_ends_when_the_oldest_counted_failure_is_five_minutes_old(
    seconds_ago: tuple[float, ...], wait: int
) -> None:
    assert seconds_until_next_try(failures(*seconds_ago), limit=3, now=NOW) == wait


def test_a_link_leads_to_the_sign_in_page() -> None:
    assert sign_in_url("https://desk.example.org/", "abc") == "https://desk.example.org/login/link/abc"
