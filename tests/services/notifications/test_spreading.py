"""News, from the row that it leaves to the notifications that it becomes, and what is forgotten of them."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.kernel.clock import read_now
from app.kernel.ids import new_id
from app.notifications.models import Message, Notice, Notification
from app.notifications.queries.work import LOOK_AT, queues_with_arrivals, what_waits
from app.notifications.rules.audience import AT_MOST
from app.notifications.rules.habits import Habits
from app.notifications.rules.kinds import AT_ONCE, DUE_SOON, HANDED_OVER, OFF, PENDING, SENT, WAITING
from app.notifications.service import (
    bundle,
    choose_habits,
    forget_messages,
    look_for_work,
    spread,
    tell_breached,
    tell_due_soon,
    tell_handed_over,
    tell_waiting,
)
from app.queue.models import Item
from app.review.service import assign_item, hand_over, tend_items
from tests.factories.counting import QueryCounter
from tests.factories.people import add_person
from tests.factories.reviewing import take
from tests.factories.timing import let_pass
from tests.factories.work import add_item, add_items, add_task_type


@pytest.fixture(autouse=True)
def task_type(session: Session, workspace: UUID) -> None:
    """The task type that every item here has."""
    add_task_type(session, workspace)


def spread_all(session: Session) -> list[Notification]:
    """Spread everything and return the notifications that there are, in the order of their making."""
    spread(session, now=read_now(session), mail=True, limit=1_000)
    rows = session.scalars(
        select(Notification).order_by(Notification.id), execution_options={"populate_existing": True}
    )
    return list(rows)


def choose(session: Session, workspace: UUID, person_id: UUID, **modes: str) -> None:
    """Choose these modes for a person."""
    habits = Habits(modes=modes)
    now = read_now(session)
    choose_habits(session, now=now, actor=COMMAND, workspace_id=workspace, person_id=person_id, habits=habits)


def test_a_notice_becomes_one_notification_for_each_who_may_take_it_and_is_gone(
    session: Session, workspace: UUID
) -> None:
    ada, ben = add_person(session, workspace), add_person(session, workspace, "ben")
    add_person(session, workspace, "zoe", queues=["other"])
    off = add_person(session, workspace, "eve")
    choose(session, workspace, off, due_soon=OFF)
    item = add_item(session, workspace)
    for _ in range(2):
        tell_due_soon(session, now=read_now(session), workspace_id=workspace, item_id=item.id)
    rows = spread_all(session)
    assert {row.person_id for row in rows} == {ada, ben}
    assert len(rows) == 2
    assert session.scalar(select(func.count()).select_from(Notice)) == 0


def test_not_everybody_is_told_of_one_item_and_spreading_costs_no_statement_for_each(
    session: Session, workspace: UUID
) -> None:
    for n in range(AT_MOST + 5):
        add_person(session, workspace, f"p{n}")
    for item in [add_item(session, workspace) for _ in range(3)]:
        tell_due_soon(session, now=read_now(session), workspace_id=workspace, item_id=item.id)
    with QueryCounter(session) as counted:
        spread(session, now=read_now(session), mail=True, limit=100)
    assert counted.count <= 10
    assert session.scalar(select(func.count()).select_from(Notification)) == 3 * AT_MOST


def test_news_of_a_queue_is_one_row_however_often_it_is_told(session: Session, workspace: UUID) -> None:
    ada = add_person(session, workspace)
    item = add_item(session, workspace)
    now = read_now(session)
    for _ in range(5):
        tell_waiting(session, now=now, workspace_id=workspace, queue_id=item.queue_id)
    assert session.scalar(select(func.count()).select_from(Notice)) == 1
    assert [(row.person_id, row.kind, row.state) for row in spread_all(session)] == [(ada, WAITING, PENDING)]
    tell_waiting(session, now=now, workspace_id=workspace, queue_id=item.queue_id)
    assert len(spread_all(session)) == 1


def test_arrivals_are_found_once_and_a_queue_that_waits_is_brought_up_again_after_a_day(
    session: Session, workspace: UUID
) -> None:
    add_item(session, workspace)
    now = read_now(session)
    assert look_for_work(session, now=now) == 1
    spread_all(session)
    assert look_for_work(session, now=now + timedelta(seconds=30)) == 0
    # The item that came in is a minute old by then, so that look finds it; the one after finds nothing new.
    looks = [look_for_work(session, now=now + timedelta(minutes=n)) for n in (2, 4, 6)]
    assert looks == [1, 0, 0]
    spread_all(session)
    later = now + timedelta(hours=25)
    assert look_for_work(session, now=later) == 1


def test_the_look_at_arrivals_walks_ids_alone(session: Session, workspace: UUID) -> None:
    add_items(session, workspace, 3_000)
    session.execute(text("ANALYZE items"))
    last = {"after": UUID(int=(1 << 128) - 2), "until": UUID(int=(1 << 128) - 1)}
    with QueryCounter(session) as counted:
        queues_with_arrivals(session, **last)
    (statement,) = counted.statements
    plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {statement}", last).scalars())
    assert "pk_items" in plan
    assert "Seq Scan" not in plan


def test_what_waits_is_judged_by_the_first_in_line(session: Session, workspace: UUID) -> None:
    add_items(session, workspace, LOOK_AT + 50)
    queue_id = session.scalars(select(Item.queue_id).limit(1)).one()
    waits = what_waits(session, queue_id=queue_id)
    assert waits is not None
    assert (waits.count, waits.more) == (LOOK_AT, True)
    assert what_waits(session, queue_id=new_id()) is None


def test_a_hand_over_and_a_leads_choice_tell_whom_they_name(session: Session, workspace: UUID) -> None:
    ada, ben = add_person(session, workspace), add_person(session, workspace, "ben")
    first, second = add_item(session, workspace), add_item(session, workspace)
    claim = take(session, workspace, ada, item_id=first.id)
    acting: dict[str, Any] = {"actor": Actor("person", ada), "workspace_id": workspace}
    hand_over(session, person_id=ada, claim_id=claim.id, to="ben@example.org", **acting)
    assign_item(session, by=ada, item_id=second.id, to="ben@example.org", **acting)
    # What she gives to herself is no news to her.
    assign_item(session, by=ada, item_id=second.id, to="ada@example.org", **acting)
    rows = spread_all(session)
    assert [(row.kind, row.person_id, row.item_id) for row in rows] == [(HANDED_OVER, ben, first.id)]


def test_the_clock_tells_that_an_item_is_due_soon(session: Session, workspace: UUID) -> None:
    ada = add_person(session, workspace)
    let_pass(session, add_item(session, workspace, deadline="PT4H"), hours=3, minutes=1)
    assert tend_items(session=session, limit=10) == 1
    assert [(row.kind, row.person_id) for row in spread_all(session)] == [(DUE_SOON, ada)]


def test_a_breach_that_no_lead_is_there_for_is_told_to_nobody(session: Session, workspace: UUID) -> None:
    add_person(session, workspace)
    tell_breached(session, now=read_now(session), workspace_id=workspace, item_id=add_item(session, workspace).id)
    assert spread_all(session) == []


def test_all_that_may_leave_is_one_message(session: Session, workspace: UUID) -> None:
    ada = add_person(session, workspace)
    choose(session, workspace, ada, waiting=AT_ONCE)
    item = add_item(session, workspace)
    now = read_now(session)
    tell_due_soon(session, now=now, workspace_id=workspace, item_id=item.id)
    tell_waiting(session, now=now, workspace_id=workspace, queue_id=item.queue_id)
    spread_all(session)
    assert bundle(session, now=read_now(session), mail=True, limit=10) == 1
    (message,) = session.scalars(select(Message))
    assert {row.message_id for row in spread_all(session)} == {message.id}


def _settled(session: Session, workspace: UUID, person_id: UUID, item_id: UUID, at: datetime) -> None:
    values: dict[str, Any] = {"workspace_id": workspace, "person_id": person_id, "state": SENT, "made_at": at}
    message = new_id()
    session.execute(insert(Message).values(id=message, trial=False, next_attempt_at=at, settled_at=at, **values))
    session.execute(
        insert(Notification).values(
            id=new_id(), kind=DUE_SOON, item_id=item_id, leaves_at=at, settled_at=at, message_id=message, **values
        )
    )


def test_what_was_told_is_forgotten_after_thirty_days(session: Session, workspace: UUID) -> None:
    ada, item, now = add_person(session, workspace), add_item(session, workspace), read_now(session)
    for days in (29, 31, 90):
        _settled(session, workspace, ada, item.id, now - timedelta(days=days))
    assert forget_messages(session, now=now, limit=100) == 4
    assert forget_messages(session, now=now, limit=100) == 0
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_news_of_what_is_rolled_back_is_none(session: Session, workspace: UUID) -> None:
    ada, item = add_person(session, workspace), add_item(session, workspace)
    attempt = session.begin_nested()
    tell_handed_over(
        session, now=read_now(session), workspace_id=workspace, item_id=item.id, to_person=ada, by_person=None
    )
    attempt.rollback()
    assert session.scalar(select(func.count()).select_from(Notice)) == 0
