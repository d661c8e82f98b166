"""Tries that are recorded together leave what each would have left alone; leases that are given back are free again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import COMMAND
from app.delivery.models import Delivery, DeliveryAttempt, Endpoint
from app.delivery.rules.health import Health
from app.delivery.rules.retries import DELIVERED, DUE, Answer
from app.delivery.service import Leased, disable_endpoint, end_leases, record_attempt, record_deliveries, take_due
from tests.conftest import NOW
from tests.services.delivery.conftest import Put

LATER = NOW + timedelta(seconds=3)


def take(session: Session, *, limit: int = 10) -> list[Leased]:
    return take_due(session, now=NOW, limit=limit)


def traces(session: Session, delivery_id: UUID) -> dict[str, Any]:
    """Return everything that a try leaves, without what names the delivery."""
    session.expire_all()
    delivery = session.get_one(Delivery, delivery_id)
    attempts = session.scalars(select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id)).all()
    events = session.scalars(select(Event).where(Event.subject_id == delivery_id, Event.type != "delivery.due")).all()
    return {
        "delivery": (
            delivery.state,
            delivery.attempts,
            delivery.leased_until,
            delivery.next_attempt_at,
            delivery.delivered_at,
        ),
        "attempts": [(a.attempt, a.at, a.duration_ms, a.status_code, a.problem) for a in attempts],
        "events": [
            (e.type, e.at, e.actor_kind, e.actor_id, e.subject_kind, e.from_state, e.to_state, e.details)
            for e in events
        ],
    }


def test_many_recorded_together_leave_what_each_would_have_left_alone(session: Session, put: Put) -> None:
    for _ in range(4):
        put()
    alone, *together = take(session)
    answer = Answer(202, 37)
    assert record_attempt(session, now=LATER, leased=alone, answer=answer, draw=0.5).state == DELIVERED
    recorded = record_deliveries(session, now=LATER, taken=[(leased, answer) for leased in together])
    assert recorded == {leased.id for leased in together}
    expected = traces(session, alone.id)
    assert expected["delivery"][0] == DELIVERED
    assert expected["events"]
    endpoints = {session.get_one(Delivery, leased.id).endpoint_id for leased in (alone, *together)}
    for leased in together:
        found = traces(session, leased.id)
        if len(endpoints) > 1:
            for trace in (found, expected):
                trace["events"] = [(*event[:-1], {**event[-1], "endpoint_id": ""}) for event in trace["events"]]
        assert found == expected


@pytest.mark.parametrize("spoil", ["failed lately", "disabled", "delivered", "given up"])
def test_what_is_not_plain_is_left_to_be_recorded_alone(session: Session, put: Put, spoil: str) -> None:
    put()
    (leased,) = take(session)
    endpoint = session.get_one(Endpoint, leased.endpoint_id)
    match spoil:
        case "failed lately":
            endpoint.health = Health(failures=1, failing_since=NOW)
        case "disabled":
            disable_endpoint(session, now=NOW, actor=COMMAND, endpoint=endpoint, why="a test")
        case "delivered":
            record_attempt(session, now=NOW, leased=leased, answer=Answer(200, 1), draw=0.5)
        case _:
            session.get_one(Delivery, leased.id).state = "parked"
    session.flush()
    before = traces(session, leased.id)
    assert record_deliveries(session, now=LATER, taken=[(leased, Answer(200, 5))]) == set()
    assert traces(session, leased.id) == before


def test_a_lease_that_is_given_back_can_be_taken_at_once(session: Session, put: Put) -> None:
    put()
    (leased,) = take(session)
    assert take(session) == []
    end_leases(session, now=NOW, leased=[leased])
    assert [again.id for again in take(session)] == [leased.id]
    assert session.get_one(Delivery, leased.id).attempts == 0


def test_a_lease_that_somebody_else_holds_by_now_stays(session: Session, put: Put) -> None:
    put()
    (late,) = take(session)
    (held,) = take_due(session, now=late.leased_until, limit=1)
    end_leases(session, now=late.leased_until, leased=[late])
    session.expire_all()
    delivery = session.get_one(Delivery, held.id)
    assert (delivery.state, delivery.leased_until) == (DUE, held.leased_until)
