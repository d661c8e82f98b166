"""Read endpoints, the outbox and its tries. Called by the endpoints API, the flows, reports and the sweeper."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from app.delivery.models import Delivery, DeliveryAttempt, Endpoint
from app.delivery.rules.retries import DUE
from app.kernel.errors import NotFound
from app.kernel.paging import Page, read_cursor, write_cursor


class NoSuchEndpoint(NotFound):
    """There is no such endpoint in this workspace."""


class NoSuchDelivery(NotFound):
    """There is no such delivery in this workspace."""


def get_endpoint(session: Session, *, workspace_id: UUID, endpoint_id: UUID, lock: bool = False) -> Endpoint:
    """Return an endpoint of this workspace, disabled or not; with `lock`, as it is after waiting for its row.

    Raises:
        NoSuchEndpoint: also when it is another workspace's.
    """
    query = select(Endpoint).where(Endpoint.id == endpoint_id, Endpoint.workspace_id == workspace_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoSuchEndpoint
    return found


def list_endpoints(session: Session, *, workspace_id: UUID) -> list[Endpoint]:
    """Return the endpoints of a workspace, the oldest first."""
    return list(session.scalars(select(Endpoint).where(Endpoint.workspace_id == workspace_id).order_by(Endpoint.id)))


def get_delivery(session: Session, *, workspace_id: UUID, delivery_id: UUID, lock: bool = False) -> Delivery:
    """Return a delivery of this workspace; with `lock`, as it is after waiting for its row.

    Raises:
        NoSuchDelivery: also when it is another workspace's.
    """
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.workspace_id == workspace_id)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    found = session.scalar(query)
    if found is None:
        raise NoSuchDelivery
    return found


def find_endpoints(session: Session, ids: Collection[UUID]) -> Sequence[Endpoint]:
    """Return these endpoints as they are now, of whichever workspaces."""
    wanted = select(Endpoint).where(Endpoint.id.in_(ids)).execution_options(populate_existing=True)
    return session.scalars(wanted).all()


def list_deliveries(session: Session, *, workspace_id: UUID, submission_id: UUID) -> list[Delivery]:
    """Return what was or will be handed over about a submission, in order."""
    return list(
        session.scalars(
            select(Delivery)
            .where(Delivery.submission_id == submission_id, Delivery.workspace_id == workspace_id)
            .order_by(Delivery.id)
        )
    )


@dataclass(frozen=True)
class Wanted:
    """What a list of deliveries is narrowed to."""

    endpoint_id: UUID | None = None
    submission_id: UUID | None = None
    state: str | None = None


def page_deliveries(
    session: Session, *, workspace_id: UUID, wanted: Wanted, cursor: str | None, limit: int
) -> Page[Delivery]:
    """Return a page of deliveries, the newest first.

    Raises:
        BadCursor: the cursor was not made here.
    """
    query = select(Delivery).where(Delivery.workspace_id == workspace_id)
    if wanted.endpoint_id is not None:
        query = query.where(Delivery.endpoint_id == wanted.endpoint_id)
    if wanted.submission_id is not None:
        query = query.where(Delivery.submission_id == wanted.submission_id)
    if wanted.state is not None:
        query = query.where(Delivery.state == wanted.state)
    if cursor is not None:
        query = query.where(Delivery.id < read_cursor(cursor)[1])
    rows = list(session.scalars(query.order_by(Delivery.id.desc()).limit(limit + 1)))
    more = len(rows) > limit
    rows = rows[:limit]
    return Page(rows, write_cursor(rows[-1].due_at, rows[-1].id) if more else None)


def list_attempts(session: Session, *, delivery_id: UUID) -> list[DeliveryAttempt]:
    """Return every try of a delivery, the first first."""
    return list(
        session.scalars(
            select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id).order_by(DeliveryAttempt.number)
        )
    )


def first_of_its_submission() -> ColumnElement[bool]:
    """Return the condition that no earlier delivery of the same submission is still to be handed over."""
    earlier = aliased(Delivery)
    query = select(earlier.id).where(
        earlier.submission_id == Delivery.submission_id, earlier.state == DUE, earlier.id < Delivery.id
    )
    # The offset keeps the planner from joining with everything that is due, at a cost that grows with the backlog.
    return ~query.offset(0).exists()


def next_due_at(session: Session) -> datetime | None:
    """Return when the next delivery of any workspace can be tried: possibly past, or None when all is done.

    One that a worker is sending counts from the end of that worker's lease.
    """
    return session.scalar(
        select(Delivery.next_attempt_at)
        .where(Delivery.state == DUE, first_of_its_submission())
        .order_by(Delivery.next_attempt_at)
        .limit(1)
    )
