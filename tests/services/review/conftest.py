"""Two reviewers and a kind of work, for every test of the flow out."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.queue.models import Claim
from tests.factories.people import add_person
from tests.factories.reviewing import take
from tests.factories.work import add_item, add_task_type

Hold = Callable[..., Claim]


@pytest.fixture(autouse=True)
def address(session: Session, workspace: UUID) -> None:
    """The task type `address`, at first without a policy: everything waits."""
    add_task_type(session, workspace)


@pytest.fixture
def ada(session: Session, workspace: UUID) -> UUID:
    """A reviewer of every queue."""
    return add_person(session, workspace, "ada")


@pytest.fixture
def bob(session: Session, workspace: UUID) -> UUID:
    """Another one."""
    return add_person(session, workspace, "bob")


@pytest.fixture
def zoe(session: Session, workspace: UUID) -> UUID:
    """A lead."""
    return add_person(session, workspace, "zoe", roles=["lead"])


@pytest.fixture
def hold_one(hold: Hold) -> Hold:
    """Submit something and let Ada claim it, where `hold` is the act itself."""
    return hold


@pytest.fixture
def hold(session: Session, workspace: UUID, ada: UUID) -> Hold:
    """Submit something and let Ada claim it; named values replace parts of what is submitted."""

    def claim(**body: Any) -> Claim:
        return take(session, workspace, ada, item_id=add_item(session, workspace, **body).id)

    return claim
