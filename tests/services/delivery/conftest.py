"""Decided submissions, an endpoint, and an outbox to put messages into."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.delivery.models import Delivery, Endpoint
from app.delivery.service import BODY_PURPOSE, schedule_delivery
from app.review.models import Decision
from app.submissions.queries import data_key
from tests.conftest import NOW
from tests.factories.people import add_person
from tests.factories.reviewing import decisions, hand_in, take
from tests.factories.work import add_endpoint, add_item, add_task_type

BODY = b'{"type":"submission.decided"}'

Decide = Callable[[], Decision]
Put = Callable[..., Delivery]


@pytest.fixture
def decide_one(session: Session, workspace: UUID) -> Decide:
    """Submit, review and decide one more submission, without an endpoint."""
    add_task_type(session, workspace)
    ada = add_person(session, workspace)

    def decide() -> Decision:
        add_item(session, workspace)
        hand_in(session, take(session, workspace, ada))
        return decisions(session)[-1]

    return decide


@pytest.fixture
def endpoint(session: Session, workspace: UUID) -> Endpoint:
    """An endpoint that takes decisions and supersessions."""
    return add_endpoint(session, workspace, "submission.decided", "submission.superseded")


@pytest.fixture
def put(session: Session, decide_one: Decide, endpoint: Endpoint) -> Put:
    """Put a message into the outbox: about a new decision to the endpoint, due now, unless told otherwise."""

    def put_one(
        decision: Decision | None = None, *, to: Endpoint = endpoint, due_at: datetime = NOW, now: datetime = NOW
    ) -> Delivery:
        about = decision or decide_one()
        key = data_key(session, submission_id=about.submission_id)
        delivery_id = schedule_delivery(
            session,
            now=now,
            workspace_id=about.workspace_id,
            endpoint_id=to.id,
            submission_id=about.submission_id,
            decision_id=about.id,
            type="submission.decided",
            sealed_body=key.seal(BODY, purpose=BODY_PURPOSE),
            due_at=due_at,
        )
        return session.get_one(Delivery, delivery_id)

    return put_one
