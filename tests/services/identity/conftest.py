"""People and shorthand for the tests of identity."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.identity.service import create_person
from tests.conftest import NOW


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """Ada, a reviewer of Acme without a password."""
    return create_person(
        session,
        now=NOW,
        actor=COMMAND,
        workspace_id=workspace,
        email="ada@example.org",
        name="Ada Lovelace",
        roles=["reviewer"],
    )
