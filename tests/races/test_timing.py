"""The clock against people: of a verdict and a time-out one wins, and nobody waits for the other."""

from collections import Counter
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.kernel.db import Database
from app.queue.models import Claim, Item, Queue
from app.queue.service import NameTaken, rekey
from app.review.models import Decision
from app.review.service import Handed, Overtaken, tend_items
from tests.factories.reviewing import APPROVE, hand_in, take
from tests.factories.timing import let_pass, set_queue
from tests.factories.work import add_item, add_items
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

ROUNDS = 12


def tend(database: Database) -> int:
    with database.unit_of_work() as session:
        return tend_items(session=session, limit=50)


def verdict_under(database: Database, claim: Claim) -> object:
    with database.unit_of_work() as session:
        return hand_in(session, claim, APPROVE)


def test_a_verdict_and_a_time_out_are_one_decision(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    won: Counter[str] = Counter()
    for number in range(ROUNDS):
        with crowded.unit_of_work() as session:
            item = add_item(session, acme, deadline="PT1H", on_timeout="reject" if number % 2 else "expire")
            claim = take(session, acme, ada, item_id=item.id)
            let_pass(session, item, hours=2)
        answer, *_ = at_once([partial(verdict_under, crowded, claim), *[partial(tend, crowded)] * 3])
        tend(crowded)
        with crowded.unit_of_work() as session:
            state = session.get_one(Item, item.id).state
            kinds = list(session.scalars(select(Decision.decided_by_kind).where(Decision.item_id == item.id)))
        assert isinstance(answer, Handed | Overtaken)
        won[type(answer).__name__] += 1
        if isinstance(answer, Handed):
            assert (state, kinds) == ("decided", ["human"])
        else:
            assert (state, kinds) in [("decided", ["timeout"]), ("expired", [])]
            assert answer.state == state
    assert sum(won.values()) == ROUNDS
    assert_sound(crowded)


def test_claimers_and_sweepers_share_a_line_that_is_overdue(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 8)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 60, deadline="PT1H", on_timeout="use_output")
        for item in session.scalars(select(Item)):
            let_pass(session, item, hours=2)

    def work(person_id: UUID) -> int:
        done = 0
        for _ in range(6):
            with crowded.unit_of_work() as session:
                if session.scalar(select(func.count()).where(Item.state == "waiting")) == 0:
                    return done
            done += _judge_one(crowded, acme, person_id)
        return done

    at_once([*(partial(work, person_id) for person_id in people), *[partial(tend, crowded)] * 4])
    while tend(crowded):
        pass
    with crowded.unit_of_work() as session:
        states = Counter(session.scalars(select(Item.state)))
        assert states == {"decided": 60}
        assert session.scalar(select(func.count()).select_from(Decision)) == 60
    assert_sound(crowded)


def _judge_one(database: Database, workspace_id: UUID, person_id: UUID) -> int:
    """Take an item and approve it, or find that there is none any more; return how many verdicts counted."""
    try:
        with database.unit_of_work() as session:
            claim = take(session, workspace_id, person_id)
    except AssertionError:
        return 0
    return int(isinstance(verdict_under(database, claim), Handed))


def test_the_order_of_a_queue_is_changed_under_claims(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 6)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 300)
        queue_id = set_queue(session, acme, value_order=True).id

    def reorder() -> int:
        moved = 0
        while True:
            with crowded.unit_of_work() as session:
                count = rekey(session, queue_id=queue_id, limit=20)
            moved += count
            if count < 20:
                return moved

    def work(person_id: UUID) -> int:
        return sum(_judge_one(crowded, acme, person_id) for _ in range(10))

    *done, _ = at_once([*(partial(work, person_id) for person_id in people), reorder])
    assert done == [10] * len(people)
    assert_sound(crowded)


def test_a_queue_is_made_once_by_hand_and_by_its_first_items(crowded: Database, acme: UUID) -> None:
    def make() -> UUID:
        with crowded.unit_of_work() as session:
            return set_queue(session, acme, name="default", value_order=True).id

    def submit() -> UUID:
        with crowded.unit_of_work() as session:
            return add_item(session, acme).queue_id

    made = at_once([make, submit] * 6)
    with crowded.unit_of_work() as session:
        (queue_id,) = session.scalars(select(Queue.id))
    # Who finds it made meanwhile is told so; nobody makes a second one.
    assert {answer for answer in made if isinstance(answer, UUID)} == {queue_id}
    assert all(isinstance(answer, UUID | NameTaken) for answer in made)
    assert_sound(crowded)
