"""The outbox: every decision for an endpoint is a row here until the endpoint has taken it or a person is needed.

A row is written in the decision's own transaction, so neither exists without the other. What workers do with it is
in trying.py. Called by review and by the API and the pages of endpoints.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.delivery.models import Delivery
from app.delivery.queries import get_delivery, get_endpoint
from app.delivery.rules.retries import DUE, PARKED, WITHDRAWN
from app.delivery.service.endpoints import EndpointDisabled
from app.delivery.service.trying import settle
from app.kernel.errors import Conflict
from app.kernel.ids import new_id
from app.kernel.jobs import request_job

DRAIN: Final = "workers.deliveries.drain"
BODY_PURPOSE: Final = "delivery"


class NotParked(Conflict):
    """Only a parked delivery can be sent again."""


class OnItsWay(Conflict):
    """A message of this decision has left already, or is leaving."""


def schedule_delivery(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    endpoint_id: UUID,
    submission_id: UUID,
    decision_id: UUID | None,
    type: str,  # noqa: A002  # the word of the message itself
    sealed_body: bytes,
    due_at: datetime,
) -> UUID | None:
    """Put a message into the outbox; return its id, or None when the endpoint does not take this type.

    Args:
        decision_id: None when the submission ended undecided.
        type: One of the TYPES of endpoints.
        sealed_body: The bytes to send, sealed with the submission's data key for BODY_PURPOSE.
        due_at: When the decision becomes final; nothing leaves before.

    Raises:
        NoSuchEndpoint: this workspace has no such endpoint.
    """
    endpoint = get_endpoint(session, workspace_id=workspace_id, endpoint_id=endpoint_id)
    if type not in endpoint.types:
        return None
    delivery_id = new_id()
    session.execute(
        insert(Delivery).values(
            id=delivery_id,
            workspace_id=workspace_id,
            endpoint_id=endpoint_id,
            submission_id=submission_id,
            decision_id=decision_id,
            type=type,
            body=sealed_body,
            state=DUE,
            attempts=0,
            due_at=due_at,
            next_attempt_at=max(now, due_at, endpoint.resting_until or now),
        )
    )
    request_job(session, name=DRAIN)
    return delivery_id


def withdraw_deliveries(session: Session, *, now: datetime, decision_id: UUID) -> None:
    """Take back what was to be delivered of a decision that is undone.

    Nothing is due before the decision is final. From here to the commit no worker can lease the rows.

    Raises:
        OnItsWay: a worker has leased one, or it has been sent.
    """
    all_of_it = select(Delivery).where(Delivery.decision_id == decision_id).with_for_update()
    for delivery in session.scalars(all_of_it, execution_options={"populate_existing": True}):
        if delivery.state != DUE or delivery.leased_until is not None or delivery.attempts:
            raise OnItsWay
        settle(session, now, delivery, WITHDRAWN, {"why": "decision undone"})


def replay_parked(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    endpoint_id: UUID,
    since: datetime,
    until: datetime,
    limit: int,
) -> int:
    """Make parked deliveries of an endpoint due again that became due in a range; return how many, `limit` at most.

    Raises:
        NoSuchEndpoint: this workspace has none of that id.
        EndpointDisabled: nobody would be called.
    """
    endpoint = get_endpoint(session, workspace_id=workspace_id, endpoint_id=endpoint_id)
    if endpoint.disabled_at is not None:
        raise EndpointDisabled
    wanted = (
        select(Delivery.id)
        .where(
            Delivery.workspace_id == workspace_id,
            Delivery.endpoint_id == endpoint_id,
            Delivery.state == PARKED,
            Delivery.due_at >= since,
            Delivery.due_at < until,
        )
        .order_by(Delivery.due_at, Delivery.id)
        .limit(limit)
    )
    ids = session.scalars(wanted).all()
    for delivery_id in ids:
        replay(session, now=now, actor=actor, workspace_id=workspace_id, delivery_id=delivery_id)
    return len(ids)


def replay(session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, delivery_id: UUID) -> None:
    """Make a parked delivery due again, with all its tries before it.

    Raises:
        NoSuchDelivery: this workspace has none of that id.
        NotParked: it is due or delivered.
        EndpointDisabled: nobody would be called.
    """
    delivery = get_delivery(session, workspace_id=workspace_id, delivery_id=delivery_id, lock=True)
    if delivery.state != PARKED:
        raise NotParked(f"The delivery is {delivery.state}; only a parked one can be sent again.")
    endpoint = get_endpoint(session, workspace_id=workspace_id, endpoint_id=delivery.endpoint_id)
    if endpoint.disabled_at is not None:
        raise EndpointDisabled
    delivery.state = DUE
    delivery.attempts = 0
    delivery.next_attempt_at = now
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="delivery.replayed",
        subject_kind="delivery",
        subject_id=delivery_id,
        from_state=PARKED,
        to_state=DUE,
    )
    request_job(session, name=DRAIN)
