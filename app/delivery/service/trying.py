"""Tries: rows of the outbox are leased to a worker, given back or recorded.

Workers lease rows for a minute; a lease that nobody ends runs out and the row is tried again, so each is handed over
at least once, with the same id and the same bytes, and one after the other within a submission. Sends nothing itself.
Called by the workers.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM
from app.audit.service import events_from, record
from app.delivery.models import Delivery, DeliveryAttempt, Endpoint
from app.delivery.queries import find_endpoints, first_of_its_submission, get_delivery, get_endpoint
from app.delivery.rules.health import Health, after, is_given_up
from app.delivery.rules.retries import DELIVERED, DUE, PARKED, Answer, Verdict, judge
from app.delivery.service.endpoints import disable_endpoint
from app.kernel.ids import PREFIXES, show

LEASE: Final = timedelta(seconds=60)
# Rows of disabled endpoints that one look may put away; the next look continues.
_PARK_AT_MOST: Final = 500


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


@dataclass(frozen=True)
class Recorded:
    """What came of a try: the delivery's state, and whether its endpoint was given up by this very one."""

    state: str
    gave_up: bool


def take_due(
    session: Session,
    *,
    now: datetime,
    limit: int,
    skip_endpoints: Collection[UUID] = (),
    only_endpoints: Collection[UUID] | None = None,
) -> list[Leased]:
    """Lease up to `limit` deliveries that are due; park those that are due to a disabled endpoint.

    Rows that another worker holds are passed over, never waited for.

    Args:
        skip_endpoints: Endpoints that have enough under way, so that a slow one does not take every place.
        only_endpoints: Of these alone, if given.
    """
    leased: list[Leased] = []
    parked, more = 0, True
    while more and parked < _PARK_AT_MOST:
        wanted = limit - len(leased)
        deliveries = _lease(session, now, wanted, skip=skip_endpoints, only=only_endpoints)
        endpoints = {one.id: one for one in find_endpoints(session, {d.endpoint_id for d in deliveries})}
        for delivery in deliveries:
            endpoint = endpoints[delivery.endpoint_id]
            if endpoint.disabled_at is None:
                leased.append(_leased(delivery, endpoint, now))
            else:
                settle(session, now, delivery, PARKED, {"why": "endpoint disabled"})
                parked += 1
        more = len(deliveries) == wanted and len(leased) < limit
    return leased


def _lease(
    session: Session, now: datetime, limit: int, *, skip: Collection[UUID], only: Collection[UUID] | None
) -> list[Delivery]:
    wanted = Delivery.endpoint_id.not_in(skip) if only is None else Delivery.endpoint_id.in_(only)
    due = (
        select(Delivery.id)
        .where(Delivery.state == DUE, Delivery.next_attempt_at <= now, wanted, first_of_its_submission())
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


def end_leases(session: Session, *, now: datetime, leased: Sequence[Leased]) -> None:
    """End leases whose rows were not begun; they are due again at once."""
    if leased:
        held = {"ids": [one.id for one in leased], "untils": [one.leased_until for one in leased]}
        session.execute(_END_LEASES, {**held, "now": now})


# A lease that somebody else holds by now is not ours to end.
_END_LEASES: Final = text("""
UPDATE deliveries AS d SET leased_until = NULL, next_attempt_at = :now
  FROM unnest(CAST(:ids AS uuid[]), CAST(:untils AS timestamptz[])) AS held (id, until)
 WHERE d.id = held.id AND d.state = 'due' AND d.leased_until = held.until
""")


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


def record_deliveries(session: Session, *, now: datetime, taken: Sequence[tuple[Leased, Answer]]) -> set[UUID]:
    """Write down the tries that the other side took, all in one statement; return the ids of their deliveries.

    Left to `record_attempt` is whatever is not plain: another state than due, or an endpoint that has failed lately or
    is disabled.

    Args:
        now: When the answers had come.
        taken: Tries with an answer 2xx.
    """
    values = {
        "ids": [leased.id for leased, _ in taken],
        "statuses": [answer.status_code for _, answer in taken],
        "durations": [answer.duration_ms for _, answer in taken],
        "now": now,
        "actor_kind": SYSTEM.kind,
        "actor_id": SYSTEM.id,
    }
    return set(session.scalars(_DELIVERED, values))


# Rows are locked in the order of their ids, so that two who report the same ones do not wait for each other in a ring.
_DELIVERED: Final = text(f"""
WITH answered AS (
  SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS int[]), CAST(:durations AS int[]))
             AS answered (id, status, duration_ms)
), plain AS (
  SELECT d.id, d.attempts + 1 AS tries, a.status, a.duration_ms
    FROM deliveries AS d
    JOIN answered AS a ON a.id = d.id
    JOIN endpoints AS e ON e.id = d.endpoint_id
   WHERE d.state = '{DUE}' AND e.disabled_at IS NULL
     AND e.failures = 0 AND e.failing_since IS NULL AND e.rests = 0 AND e.resting_until IS NULL
   ORDER BY d.id
     FOR UPDATE OF d
), settled AS (
  UPDATE deliveries AS d
     SET state = '{DELIVERED}', attempts = p.tries, leased_until = NULL, next_attempt_at = :now, delivered_at = :now
    FROM plain AS p
   WHERE d.id = p.id AND d.state = '{DUE}'
  RETURNING d.id AS subject_id, d.workspace_id, d.endpoint_id, CAST(:now AS timestamptz) AS at,
            p.tries, p.status, p.duration_ms
), tried AS (
  INSERT INTO delivery_attempts (delivery_id, attempt, at, duration_ms, status_code)
  SELECT subject_id, tries, at - duration_ms * interval '1 millisecond', duration_ms, status FROM settled
), told AS (
  {
    events_from(
        "settled",
        type="delivery.delivered",
        subject_kind="delivery",
        from_state=DUE,
        to_state=DELIVERED,
        details="jsonb_build_object('status', status, 'problem', NULL, 'tries', tries, "
        f"'endpoint_id', '{PREFIXES['endpoint']}_' || replace(CAST(endpoint_id AS text), '-', ''))",
    )
}
)
SELECT subject_id FROM settled
""")  # noqa: S608  # constants


def record_attempt(session: Session, *, now: datetime, leased: Leased, answer: Answer, draw: float) -> Recorded:
    """Write down a try and move its delivery on.

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
            settle(session, now, delivery, verdict.state, {"status": answer.status_code, "problem": answer.problem})
    session.flush()
    gave_up = _look_after(session, delivery, now=now, answer=answer, verdict=verdict, draw=draw)
    return Recorded(delivery.state, gave_up)


def _look_after(
    session: Session, delivery: Delivery, *, now: datetime, answer: Answer, verdict: Verdict, draw: float
) -> bool:
    """Keep how the endpoint answered; let it rest, or give it up, when it has failed too often. Say whether it did."""
    endpoint = get_endpoint(session, workspace_id=delivery.workspace_id, endpoint_id=delivery.endpoint_id)
    if verdict.disables:
        return disable_endpoint(session, now=now, actor=SYSTEM, endpoint=endpoint, why="answered 410 Gone")
    if verdict.state == DELIVERED and endpoint.health == Health():
        return False
    session.refresh(endpoint, with_for_update=True)
    before, endpoint.health = endpoint.health, after(endpoint.health, answer, now=now, draw=draw)
    session.flush()
    gave_up = is_given_up(endpoint.health, now=now) and disable_endpoint(
        session, now=now, actor=SYSTEM, endpoint=endpoint, why="failed for five days"
    )
    if not gave_up and endpoint.resting_until is not None and endpoint.resting_until != before.resting_until:
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
    return gave_up


def settle(session: Session, now: datetime, delivery: Delivery, state: str, details: dict[str, object]) -> None:
    """Move a delivery to its last state, or its last for now, with the event."""
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
