"""A fake service with keys for an admin, a program and two reviewers."""

from collections.abc import Iterator

import pytest

from tests.rules.demo.fake_server import running
from tests.rules.demo.fake_service import FakeService


@pytest.fixture
def service() -> Iterator[FakeService]:
    """A running, empty service."""
    scopes = {
        "admin-key": {"admin"},
        "submit-key": {"submit", "read"},
        "ada-key": {"review", "read"},
        "ben-key": {"review", "read"},
    }
    with running(FakeService(scopes)) as service:
        yield service
