"""The outbox: every decision for an endpoint is a row here until the endpoint has taken it or a person is needed.

A row is written in the decision's own transaction, so neither exists without the other. Workers lease rows for a
minute; a lease that nobody ends runs out and the row is tried again, so each is handed over at least once, with the
same id and the same bytes, and one after the other within a submission. Sends nothing itself.
Called by review, the workers and the endpoints API.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.audit.service import record
from app.delivery.models import Delivery, DeliveryAttempt, Endpoint
from app.delivery.queries import first_of_its_submission, get_delivery, get_endpoint
from app.delivery.rules.health import Health, after, is_given_up
from app.delivery.rules.retries import DELIVERED, DUE, PARKED, WITHDRAWN, Answer, Verdict, judge
from app.delivery.service.endpoints import EndpointDisabled, disable_endpoint
from app.kernel.errors import Conflict
from app.kernel.ids import new_id, show
from app.kernel.jobs import request_job

DRAIN: Final = "workers.deliveries.drain"
BODY_PURPOSE: Final = "delivery"
LEASE: Final = timedelta(seconds=60)
# Rows of disabled endpoints that one look may put away; the next look continues.
_PARK_AT_MOST: Final = 500


class NotParked(Conflict):
    """Only a parked delivery can be sent again."""


class OnItsWay(Conflict):
    """A message of this decision has left already, or is leaving."""


@dataclass(frozen=True)
class Leased:
    """A delivery that is ours to try until `leased_until`. `secrets` and `body` are sealed."""

    id: UUID
    workspace_id: UUID
    endpoint_id: UUID
    submission_id: UUID
    url: str
    secrets: tuple[bytes, ...]
    body: bytes
    leased_until: datetime

    @property
    def webhook_id(self) -> str:
        """Return the id that the receiver sees, the same on every try."""
        return show("delivery", self.id)


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


def take_due(session: Session, *, now: datetime, limit: int, skip_endpoints: Collection[UUID] = ()) -> list[Leased]:
    """Lease up to `limit` deliveries that are due; park those that are due to a disabled endpoint.

    Rows that another worker holds are passed over, never waited for.

    Args:
        skip_endpoints: Endpoints that have enough under way, so that a slow one does not take every place.
    """
    leased: list[Leased] = []
    parked = 0
    while len(leased) < limit and parked < _PARK_AT_MOST:
        deliveries = _lease(session, now, limit - len(leased), skip_endpoints)
        if not deliveries:
            break
        for delivery in deliveries:
            endpoint = get_endpoint(session, workspace_id=delivery.workspace_id, endpoint_id=delivery.endpoint_id)
            if endpoint.disabled_at is None:
                leased.append(_leased(delivery, endpoint, now))
            else:
                _settle(session, now, delivery, PARKED, {"why": "endpoint disabled"})
                parked += 1
    return leased


def _lease(session: Session, now: datetime, limit: int, skip_endpoints: Collection[UUID]) -> list[Delivery]:
    due = (
        select(Delivery.id)
        .where(
            Delivery.state == DUE,
            Delivery.next_attempt_at <= now,
            Delivery.endpoint_id.not_in(skip_endpoints),
            first_of_its_submission(),
        )
        .order_by(Delivery.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    # The time of the next try moves with the lease, so one index range finds what can be tried now.
    until = now + LEASE
    return list(
        session.scalars(
            update(Delivery)
            .where(Delivery.id == due.c.id)
            .values(leased_until=until, next_attempt_at=until)
            .returning(Delivery)
            .execution_options(populate_existing=True, synchronize_session=False)
        )
    )


def _leased(delivery: Delivery, endpoint: Endpoint, now: datetime) -> Leased:
    secrets = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        secrets.append(endpoint.old_secret)
    return Leased(
        id=delivery.id,
        workspace_id=delivery.workspace_id,
        endpoint_id=delivery.endpoint_id,
        submission_id=delivery.submission_id,
        url=endpoint.url,
        secrets=tuple(secrets),
        body=delivery.body,
        leased_until=now + LEASE,
    )


def record_attempt(session: Session, *, now: datetime, leased: Leased, answer: Answer, draw: float) -> str:
    """Write down a try and move its delivery on; return the delivery's state.

    Success counts whoever reports it. A failure reported after the lease ran out is kept as a try, but the delivery
    stays with the worker that holds it now. An answer 410 disables the endpoint.

    Args:
        now: When the answer had come.
        draw: Uniform in [0, 1), for the jitter of the next wait.
    """
    delivery = get_delivery(session, workspace_id=leased.workspace_id, delivery_id=leased.id, lock=True)
    delivery.attempts += 1
    verdict = judge(answer, tries=delivery.attempts, draw=draw)
    session.execute(
        insert(DeliveryAttempt).values(
            delivery_id=delivery.id,
            attempt=delivery.attempts,
            at=now - timedelta(milliseconds=answer.duration_ms),
            duration_ms=answer.duration_ms,
            status_code=answer.status_code,
            problem=answer.problem,
        )
    )
    holds = delivery.state == DUE and delivery.leased_until == leased.leased_until
    if delivery.state != DELIVERED and (holds or verdict.state == DELIVERED):
        if verdict.state == DUE:
            delivery.leased_until = None
            delivery.next_attempt_at = now + timedelta(seconds=verdict.wait_seconds)
        else:
            _settle(session, now, delivery, verdict.state, {"status": answer.status_code, "problem": answer.problem})
    session.flush()
    _look_after(session, delivery, now=now, answer=answer, verdict=verdict, draw=draw)
    return delivery.state


def _look_after(
    session: Session, delivery: Delivery, *, now: datetime, answer: Answer, verdict: Verdict, draw: float
) -> None:
    """Keep how the endpoint answered; let it rest, or give it up, when it has failed too often."""
    endpoint = get_endpoint(session, workspace_id=delivery.workspace_id, endpoint_id=delivery.endpoint_id)
    if verdict.disables:
        disable_endpoint(session, now=now, actor=SYSTEM, endpoint=endpoint, why="answered 410 Gone")
        return
    if verdict.state == DELIVERED and endpoint.health == Health():
        return
    session.refresh(endpoint, with_for_update=True)
    before, endpoint.health = endpoint.health, after(endpoint.health, answer, now=now, draw=draw)
    session.flush()
    if is_given_up(endpoint.health, now=now):
        disable_endpoint(session, now=now, actor=SYSTEM, endpoint=endpoint, why="failed for five days")
    elif endpoint.resting_until is not None and endpoint.resting_until != before.resting_until:
        # What waits for it keeps its tries; those that are under way come back by themselves.
        session.execute(
            update(Delivery)
            .where(
                Delivery.endpoint_id == endpoint.id,
                Delivery.state == DUE,
                Delivery.leased_until.is_(None),
                Delivery.next_attempt_at < endpoint.resting_until,
            )
            .values(next_attempt_at=endpoint.resting_until)
            .execution_options(synchronize_session=False)
        )
    if endpoint.resting_until is not None and delivery.state == DUE and delivery.leased_until is None:
        # One that was under way when the rest began waits for its end too.
        session.refresh(delivery)
        delivery.next_attempt_at = max(delivery.next_attempt_at, endpoint.resting_until)
        session.flush()


def _settle(session: Session, now: datetime, delivery: Delivery, state: str, details: dict[str, object]) -> None:
    before = delivery.state
    delivery.state = state
    delivery.leased_until = None
    delivery.next_attempt_at = now
    delivery.delivered_at = now if state == DELIVERED else None
    session.flush()
    record(
        session,
        now=now,
        actor=SYSTEM,
        workspace_id=delivery.workspace_id,
        type=f"delivery.{state}",
        subject_kind="delivery",
        subject_id=delivery.id,
        from_state=before,
        to_state=state,
        details={**details, "tries": delivery.attempts, "endpoint_id": show("endpoint", delivery.endpoint_id)},
    )


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
        _settle(session, now, delivery, WITHDRAWN, {"why": "decision undone"})


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
