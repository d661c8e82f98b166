"""Who gets which item next, and what somebody is told who gets none."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.queue.models import Item
from app.queue.queries import list_queues
from app.queue.service import ItemTaken
from app.review.service.claiming import SkillMissing
from app.review.service.fitness import OtherQueue
from tests.factories.people import add_person
from tests.factories.reviewing import hand_in, look, put_back, take
from tests.factories.work import add_item, add_policy, add_task_type

RULES = [
    {"name": "urgent", "when": "output.city == 'Rome'", "outcome": "review", "priority": 90},
    {"name": "soon", "when": "output.city == 'Oslo'", "outcome": "review", "deadline": "PT1M"},
    {"name": "money", "when": "output.city == 'Zug'", "outcome": "review", "queue": "finance"},
    {"name": "expert", "when": "output.city == 'Bonn'", "outcome": "review", "skills": ["german", "postal"]},
    {"name": "twice", "when": "output.city == 'Wien'", "outcome": "review", "approvals_required": 2},
]


@pytest.fixture(autouse=True)
def line(session: Session, workspace: UUID) -> None:
    """A task type whose policy sends some cities to particular places in line."""
    add_task_type(session, workspace)
    add_policy(session, workspace, threshold=0.9, rules=RULES)


def add(session: Session, workspace: UUID, city: str) -> UUID:
    return add_item(session, workspace, output={"city": city}).id


def order_of(session: Session, workspace: UUID, person_id: UUID, count: int) -> list[UUID]:
    """Take and decide `count` items, and return them in the order in which they came."""
    claims = []
    for _ in range(count):
        claim = take(session, workspace, person_id)
        hand_in(session, claim)
        claims.append(claim.item_id)
    return claims


def test_priority_comes_before_due_time_and_due_time_before_age(session: Session, workspace: UUID) -> None:
    old, new, soon, urgent = (add(session, workspace, city) for city in ("Bern", "Bern", "Oslo", "Rome"))
    ada = add_person(session, workspace)
    assert order_of(session, workspace, ada, 4) == [urgent, soon, old, new]


def test_the_best_of_all_her_queues_comes_first(session: Session, workspace: UUID) -> None:
    later, earlier = add(session, workspace, "Bern"), add(session, workspace, "Zug")
    session.execute(update(Item).where(Item.id == earlier).values(sort_key=Item.sort_key - 3_600_000))
    assert order_of(session, workspace, add_person(session, workspace), 2) == [earlier, later]


def test_somebody_with_queues_gets_nothing_from_others(session: Session, workspace: UUID) -> None:
    add(session, workspace, "Bern")
    money = add(session, workspace, "Zug")
    ada = add_person(session, workspace, queues=["finance"])
    assert order_of(session, workspace, ada, 1) == [money]
    assert look(session, workspace, ada) == {
        "waiting": 1,
        "claimed_by_others": 0,
        "other_queue": 1,
        "missing_skill": 0,
        "voted_already": 0,
    }


def test_one_queue_can_be_asked_for(session: Session, workspace: UUID) -> None:
    add(session, workspace, "Bern")
    money = add(session, workspace, "Zug")
    assert take(session, workspace, add_person(session, workspace), queue="finance").item_id == money


def test_another_persons_queue_is_refused(session: Session, workspace: UUID) -> None:
    item_id = add(session, workspace, "Bern")
    ada = add_person(session, workspace, queues=["finance"])
    with pytest.raises(OtherQueue):
        take(session, workspace, ada, queue="default")
    with pytest.raises(OtherQueue):
        take(session, workspace, ada, item_id=item_id)


def test_an_item_goes_only_to_somebody_with_all_its_skills(session: Session, workspace: UUID) -> None:
    item_id = add(session, workspace, "Bonn")
    ada = add_person(session, workspace, "ada", skills=["german"])
    assert look(session, workspace, ada)["missing_skill"] == 1
    with pytest.raises(SkillMissing):
        take(session, workspace, ada, item_id=item_id)
    bob = add_person(session, workspace, "bob", skills=["postal", "german", "french"])
    assert take(session, workspace, bob).item_id == item_id


def test_what_needs_more_than_she_has_does_not_hide_what_lies_behind_it(session: Session, workspace: UUID) -> None:
    add(session, workspace, "Bonn")
    plain = add(session, workspace, "Bern")
    assert take(session, workspace, add_person(session, workspace)).item_id == plain


def test_nobody_gets_an_item_again_that_she_has_voted_on(session: Session, workspace: UUID) -> None:
    item_id = add(session, workspace, "Wien")
    ada, bob = add_person(session, workspace, "ada"), add_person(session, workspace, "bob")
    hand_in(session, take(session, workspace, ada))
    assert look(session, workspace, ada)["voted_already"] == 1
    with pytest.raises(ItemTaken):
        take(session, workspace, ada, item_id=item_id)
    assert take(session, workspace, bob).item_id == item_id


def test_what_somebody_else_holds_is_not_free(session: Session, workspace: UUID) -> None:
    item_id = add(session, workspace, "Bern")
    ada, bob = add_person(session, workspace, "ada"), add_person(session, workspace, "bob")
    take(session, workspace, ada)
    assert look(session, workspace, bob)["claimed_by_others"] == 1
    with pytest.raises(ItemTaken):
        take(session, workspace, bob, item_id=item_id)


def test_what_was_put_back_keeps_its_place_in_line(session: Session, workspace: UUID) -> None:
    first = add(session, workspace, "Bern")
    add(session, workspace, "Bern")
    ada, bob = add_person(session, workspace, "ada"), add_person(session, workspace, "bob")
    put_back(session, take(session, workspace, ada))
    assert take(session, workspace, bob).item_id == first


def test_another_workspaces_items_are_not_in_line(session: Session, workspace: UUID) -> None:
    add(session, workspace, "Bern")
    other = create_workspace(session, now=read_now(session), name="Other").id
    assert look(session, other, add_person(session, other))["waiting"] == 0


def test_a_queue_says_what_waits_in_it(session: Session, workspace: UUID) -> None:
    for city in ("Bern", "Oslo", "Zug", "Bern"):
        add(session, workspace, city)
    ada = add_person(session, workspace, queues=["default"])
    held = take(session, workspace, ada)
    now = read_now(session)
    late = add(session, workspace, "Bern")
    session.execute(update(Item).where(Item.id == late).values(due_at=now - timedelta(seconds=1)))
    soon = add(session, workspace, "Bern")
    session.execute(update(Item).where(Item.id == soon).values(due_at=now + timedelta(minutes=5)))
    default, finance = list_queues(session, workspace_id=workspace, now=now, soon=timedelta(minutes=15))
    assert session.get_one(Item, held.item_id).state == "claimed"
    assert (default.name, default.waiting, default.claimed) == ("default", 4, 1)
    assert (default.due_soon, default.breached) == (1, 1)
    assert (finance.name, finance.waiting, finance.claimed) == ("finance", 1, 0)
