"""The outbox: what is leased when, what becomes of a try, and that order and endings hold."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.audit.rules import COMMAND
from app.delivery.models import Delivery, Endpoint
from app.delivery.queries import (
    NoSuchDelivery,
    NoSuchEndpoint,
    Wanted,
    list_attempts,
    list_deliveries,
    next_due_at,
    page_deliveries,
)
from app.delivery.rules.health import Health
from app.delivery.rules.retries import DELIVERED, DUE, PARKED, WAITS_SECONDS, Answer
from app.delivery.service import (
    DRAIN,
    EndpointDisabled,
    Leased,
    NotParked,
    disable_endpoint,
    record_attempt,
    replay,
    schedule_delivery,
    take_due,
)
from app.identity.service import create_workspace
from app.kernel.jobs import Job, take_jobs
from app.review.models import Decision
from tests.conftest import NOW
from tests.factories.work import add_endpoint
from tests.services.delivery.conftest import Decide, Put

OK = Answer(200, 20)
FAILED = Answer(500, 20)
LEASE = timedelta(seconds=60)
SECOND = timedelta(seconds=1)


def take(session: Session, *, now: datetime = NOW, limit: int = 10, skip: tuple[UUID, ...] = ()) -> list[Leased]:
    return take_due(session, now=now, limit=limit, skip_endpoints=skip)


def attempt(session: Session, leased: Leased, answer: Answer, *, now: datetime = NOW) -> str:
    return record_attempt(session, now=now, leased=leased, answer=answer, draw=0.5).state


def fail_until(session: Session, delivery: Delivery, tries: int) -> datetime:
    """Fail this many tries, each at its time; return the time of the last."""
    at = delivery.next_attempt_at
    for _ in range(tries):
        # Its endpoint may rest, and it waits for the end of that.
        session.refresh(delivery)
        at = delivery.next_attempt_at
        (leased,) = take(session, now=at)
        attempt(session, leased, FAILED, now=at)
    return at


def two_about(session: Session, put: Put, decision: Decision, *, first_at: datetime) -> tuple[Delivery, Delivery]:
    """Put two messages about one submission, the second due now; ids of one millisecond are in no order."""
    first, second = sorted((put(decision), put(decision)), key=lambda delivery: delivery.id)
    first.next_attempt_at = first_at
    session.flush()
    return first, second


def events(session: Session, delivery: Delivery) -> list[tuple[str, str | None, str | None]]:
    rows = session.execute(
        select(Event.type, Event.from_state, Event.to_state)
        .where(Event.subject_id == delivery.id)
        .order_by(Event.number)
    )
    return [(row.type, row.from_state, row.to_state) for row in rows]


class TestSchedule:
    def test_a_message_is_due_when_its_decision_is_final(self, session: Session, put: Put) -> None:
        final_at = NOW + 10 * SECOND
        delivery = put(due_at=final_at)
        assert (delivery.state, delivery.due_at, delivery.next_attempt_at) == (DUE, final_at, final_at)
        assert take(session, now=final_at - SECOND) == []
        assert [leased.id for leased in take(session, now=final_at)] == [delivery.id]

    def test_it_asks_for_a_look_after_the_commit(self, session: Session, put: Put) -> None:
        take_jobs(session)
        put()
        assert Job(DRAIN) in take_jobs(session)

    def test_an_endpoint_that_does_not_take_the_type_gets_nothing(
        self, session: Session, workspace: UUID, decide_one: Decide
    ) -> None:
        decision = decide_one()
        delivery_id = schedule_delivery(
            session,
            now=NOW,
            workspace_id=workspace,
            endpoint_id=add_endpoint(session, workspace, "submission.expired").id,
            submission_id=decision.submission_id,
            decision_id=decision.id,
            type="submission.decided",
            sealed_body=b"",
            due_at=NOW,
        )
        assert delivery_id is None
        assert list_deliveries(session, workspace_id=workspace, submission_id=decision.submission_id) == []

    def test_another_workspaces_endpoint_cannot_be_named(self, session: Session, put: Put, decide_one: Decide) -> None:
        other = create_workspace(session=session, now=NOW, name="Other").id
        with pytest.raises(NoSuchEndpoint):
            put(decide_one(), to=add_endpoint(session, other))


class TestTakeDue:
    def test_a_lease_hides_the_row_until_it_runs_out(self, session: Session, put: Put) -> None:
        delivery = put()
        (leased,) = take(session)
        assert (leased.id, leased.webhook_id) == (delivery.id, f"msg_{delivery.id.hex}")
        assert leased.leased_until == NOW + LEASE
        assert take(session, now=NOW + LEASE - SECOND) == []
        (again,) = take(session, now=NOW + LEASE)
        assert (again.webhook_id, again.body) == (leased.webhook_id, leased.body)

    def test_the_earliest_due_come_first_and_no_more_than_asked_for(self, session: Session, put: Put) -> None:
        late, early = put(due_at=NOW - SECOND), put(due_at=NOW - 2 * SECOND, now=NOW - 3 * SECOND)
        early.next_attempt_at = NOW - 2 * SECOND
        session.flush()
        assert [leased.id for leased in take(session, limit=1)] == [early.id]
        assert [leased.id for leased in take(session, limit=1)] == [late.id]

    def test_a_later_message_of_a_submission_waits_for_the_earlier_one(
        self, session: Session, put: Put, decide_one: Decide
    ) -> None:
        decision = decide_one()
        first, second = two_about(session, put, decision, first_at=NOW + 5 * SECOND)
        assert take(session) == []
        (leased,) = take(session, now=NOW + 5 * SECOND)
        assert leased.id == first.id
        assert take(session, now=NOW + 5 * SECOND) == []
        attempt(session, leased, OK, now=NOW + 5 * SECOND)
        assert [leased.id for leased in take(session, now=NOW + 5 * SECOND)] == [second.id]

    def test_a_parked_message_holds_nothing_up(self, session: Session, put: Put, decide_one: Decide) -> None:
        decision = decide_one()
        first, second = two_about(session, put, decision, first_at=NOW)
        fail_until(session, first, 10)
        assert first.state == PARKED
        assert [one.id for one in take(session, now=first.next_attempt_at + timedelta(hours=1))] == [second.id]

    def test_another_submission_is_not_held_up(self, session: Session, put: Put) -> None:
        stuck, free = put(), put()
        leased = next(one for one in take(session) if one.id == stuck.id)
        attempt(session, leased, FAILED)
        assert {one.id for one in take(session, now=NOW + LEASE)} == {stuck.id, free.id}

    def test_what_is_due_to_a_disabled_endpoint_is_parked(
        self, session: Session, put: Put, endpoint: Endpoint, workspace: UUID
    ) -> None:
        ours = [put() for _ in range(3)]
        other = put(to=add_endpoint(session, workspace))
        disable_endpoint(session, now=NOW, actor=COMMAND, endpoint=endpoint, why="disabled by an admin")
        assert [leased.id for leased in take(session, limit=1)] == [other.id]
        assert [delivery.state for delivery in ours] == [PARKED] * 3
        assert events(session, ours[0]) == [("delivery.parked", DUE, PARKED)]

    def test_endpoints_that_are_busy_are_passed_over(
        self, session: Session, put: Put, endpoint: Endpoint, workspace: UUID
    ) -> None:
        put()
        other = put(to=add_endpoint(session, workspace))
        assert [leased.id for leased in take(session, skip=(endpoint.id,))] == [other.id]


class TestNextDue:
    def test_nothing_is_due_when_all_is_done(self, session: Session, put: Put) -> None:
        assert next_due_at(session) is None
        put()
        (leased,) = take(session)
        attempt(session, leased, OK)
        assert next_due_at(session) is None

    def test_it_is_the_earliest_try_and_a_lease_counts_to_its_end(self, session: Session, put: Put) -> None:
        put(due_at=NOW + 90 * SECOND)
        put(due_at=NOW)
        assert next_due_at(session) == NOW
        take(session)
        assert next_due_at(session) == NOW + LEASE

    def test_a_message_behind_another_does_not_count(self, session: Session, put: Put, decide_one: Decide) -> None:
        decision = decide_one()
        two_about(session, put, decision, first_at=NOW + 90 * SECOND)
        assert next_due_at(session) == NOW + 90 * SECOND


class TestRecordAttempt:
    def test_success_delivers_with_an_event_and_the_try_is_kept(self, session: Session, put: Put) -> None:
        delivery = put()
        (leased,) = take(session)
        assert attempt(session, leased, OK, now=NOW + SECOND) == DELIVERED
        assert (delivery.delivered_at, delivery.attempts, delivery.leased_until) == (NOW + SECOND, 1, None)
        assert events(session, delivery) == [("delivery.delivered", DUE, DELIVERED)]
        (kept,) = list_attempts(session, delivery_id=delivery.id)
        assert (kept.attempt, kept.status_code, kept.problem, kept.duration_ms) == (1, 200, None, 20)
        assert kept.at == NOW + SECOND - timedelta(milliseconds=20)

    def test_failures_follow_the_schedule_and_the_tenth_parks_with_an_event(self, session: Session, put: Put) -> None:
        delivery = put()
        last = fail_until(session, delivery, 10)
        assert last - NOW == timedelta(hours=75, minutes=35, seconds=5)
        assert (delivery.state, delivery.attempts) == (PARKED, 10)
        assert events(session, delivery) == [("delivery.parked", DUE, PARKED)]
        tries = [kept.at for kept in list_attempts(session, delivery_id=delivery.id)]
        gaps = [(after - before).total_seconds() for before, after in pairwise(tries)]
        assert gaps == list(WAITS_SECONDS[1:])

    def test_a_failure_without_an_answer_is_kept_as_a_word(self, session: Session, put: Put) -> None:
        delivery = put()
        (leased,) = take(session)
        assert attempt(session, leased, Answer(None, 15_000, problem="timed out")) == DUE
        (kept,) = list_attempts(session, delivery_id=delivery.id)
        assert (kept.status_code, kept.problem) == (None, "timed out")

    def test_retry_after_puts_the_next_try_off(self, session: Session, put: Put) -> None:
        delivery = put()
        (leased,) = take(session)
        attempt(session, leased, Answer(429, 20, retry_after_seconds=3_600))
        assert delivery.next_attempt_at == NOW + timedelta(hours=1)

    def test_410_parks_and_disables_the_endpoint(self, session: Session, put: Put, endpoint: Endpoint) -> None:
        delivery = put()
        (leased,) = take(session)
        assert attempt(session, leased, Answer(410, 20)) == PARKED
        assert (endpoint.disabled_at, endpoint.disabled_why) == (NOW, "answered 410 Gone")
        assert events(session, delivery) == [("delivery.parked", DUE, PARKED)]

    def test_a_failure_reported_after_the_lease_leaves_the_row_with_its_new_holder(
        self, session: Session, put: Put
    ) -> None:
        delivery = put()
        (slow,) = take(session)
        (new,) = take(session, now=NOW + LEASE)
        assert attempt(session, slow, FAILED, now=NOW + LEASE + SECOND) == DUE
        assert (delivery.leased_until, delivery.next_attempt_at) == (new.leased_until, new.leased_until)
        assert attempt(session, new, OK, now=NOW + LEASE + SECOND) == DELIVERED
        assert [kept.status_code for kept in list_attempts(session, delivery_id=delivery.id)] == [500, 200]

    def test_a_success_reported_after_the_lease_counts_and_is_not_undone(self, session: Session, put: Put) -> None:
        delivery = put()
        (slow,) = take(session)
        (new,) = take(session, now=NOW + LEASE)
        assert attempt(session, slow, OK, now=NOW + LEASE + SECOND) == DELIVERED
        assert attempt(session, new, FAILED, now=NOW + LEASE + 2 * SECOND) == DELIVERED
        assert delivery.delivered_at == NOW + LEASE + SECOND
        assert events(session, delivery) == [("delivery.delivered", DUE, DELIVERED)]


class TestReplay:
    def test_a_parked_delivery_gets_all_its_tries_again(self, session: Session, put: Put, workspace: UUID) -> None:
        delivery = put()
        later = fail_until(session, delivery, 10) + timedelta(days=1)
        take_jobs(session)
        replay(session, now=later, actor=COMMAND, workspace_id=workspace, delivery_id=delivery.id)
        assert (delivery.state, delivery.attempts, delivery.next_attempt_at) == (DUE, 0, later)
        assert take_jobs(session) == [Job(DRAIN)]
        assert events(session, delivery)[-1] == ("delivery.replayed", PARKED, DUE)
        session.get_one(Endpoint, delivery.endpoint_id).health = Health()
        fail_until(session, delivery, 9)
        assert delivery.state == DUE

    def test_only_a_parked_delivery_can_be_sent_again(self, session: Session, put: Put, workspace: UUID) -> None:
        delivery = put()
        with pytest.raises(NotParked):
            replay(session, now=NOW, actor=COMMAND, workspace_id=workspace, delivery_id=delivery.id)

    def test_a_disabled_endpoint_is_not_called_again(
        self, session: Session, put: Put, endpoint: Endpoint, workspace: UUID
    ) -> None:
        delivery = put()
        disable_endpoint(session, now=NOW, actor=COMMAND, endpoint=endpoint, why="disabled by an admin")
        take(session)
        with pytest.raises(EndpointDisabled):
            replay(session, now=NOW, actor=COMMAND, workspace_id=workspace, delivery_id=delivery.id)

    def test_another_workspaces_delivery_does_not_exist(self, session: Session, put: Put) -> None:
        delivery = put()
        other = create_workspace(session=session, now=NOW, name="Other").id
        with pytest.raises(NoSuchDelivery):
            replay(session, now=NOW, actor=COMMAND, workspace_id=other, delivery_id=delivery.id)


def test_parked_deliveries_are_listed_the_latest_first_in_pages(
    session: Session, put: Put, endpoint: Endpoint, workspace: UUID
) -> None:
    made = [
        put(due_at=datetime(2026, 3, 1, hour, tzinfo=UTC), now=datetime(2026, 3, 1, tzinfo=UTC)) for hour in range(3)
    ]
    disable_endpoint(session, now=NOW, actor=COMMAND, endpoint=endpoint, why="disabled by an admin")
    for hours, _ in enumerate(made):
        take(session, now=NOW + timedelta(hours=hours), limit=1)
    first = page_deliveries(session, workspace_id=workspace, wanted=Wanted(state=PARKED), cursor=None, limit=2)
    rest = page_deliveries(
        session, workspace_id=workspace, wanted=Wanted(state=PARKED), cursor=first.next_cursor, limit=2
    )
    assert len(first.rows) == 2
    assert {row.id for row in (*first.rows, *rest.rows)} == {delivery.id for delivery in made}
    assert not rest.has_more
