"""Twenty people and items that several have to judge: never one vote more than needed, and no item without an end."""

from collections import Counter, defaultdict
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from app.kernel.db import Database
from app.queue.models import Item
from app.review.models import Decision, Vote
from app.review.rules.verdict import Verdict
from app.review.service import Handed
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, REJECT, correct, hand_in, take
from tests.factories.work import add_items, add_task_type
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

PEOPLE = 20
ITEMS = 12


def judge_what_comes(database: Database, workspace_id: UUID, person_id: UUID, verdicts: list[Verdict]) -> int:
    """Take and judge until nothing comes any more; each verdict is handed in twice, as a nervous client does."""
    for n in range(4 * ITEMS):
        try:
            with database.unit_of_work() as session:
                claim = take(session, workspace_id, person_id)
        except AssertionError:
            return n
        for _ in range(2):
            with database.unit_of_work() as session:
                assert isinstance(hand_in(session, claim, verdicts[n % len(verdicts)]), Handed)
    return 4 * ITEMS


def prepare(database: Database, workspace_id: UUID, **terms: Any) -> list[UUID]:
    with database.unit_of_work() as session:
        add_task_type(session, workspace_id, **terms)
        add_items(session, workspace_id, ITEMS)
    return add_people(database, workspace_id, PEOPLE)


def rush(database: Database, workspace_id: UUID, people: list[UUID], verdicts: list[list[Verdict]]) -> None:
    works = [
        partial(judge_what_comes, database, workspace_id, person, verdicts[n % len(verdicts)])
        for n, person in enumerate(people)
    ]
    for answer in at_once(works):
        assert isinstance(answer, int), answer
    # Whoever found nothing while others held the rest has gone; what they put back since is left over.
    for work in works:
        work()


def standing_votes(database: Database) -> dict[UUID, list[Vote]]:
    votes = defaultdict(list)
    with database.unit_of_work() as session:
        for vote in session.scalars(select(Vote).where(Vote.counts)):
            votes[vote.item_id].append(vote)
        session.expunge_all()
    return votes


def states(database: Database) -> Counter[str]:
    with database.unit_of_work() as session:
        return Counter(session.scalars(select(Item.state)))


@pytest.mark.parametrize("needed", [2, 3])
@pytest.mark.parametrize("rate", [0, 1], ids=["open", "blind"])
def test_n_approvals_are_n(crowded: Database, acme: UUID, needed: int, rate: int) -> None:
    people = prepare(crowded, acme, approvals_required=needed, double_review_rate=Decimal(rate))
    rush(crowded, acme, people, [[APPROVE]])
    assert states(crowded) == {"decided": ITEMS}
    for votes in standing_votes(crowded).values():
        assert len(votes) == len({v.person_id for v in votes}) == needed
    assert_sound(crowded)


def test_people_who_edit_approve_and_reject_at_once_leave_one_story(crowded: Database, acme: UUID) -> None:
    people = prepare(crowded, acme, approvals_required=2, rejections_required=2, max_reviewers=3)
    rush(crowded, acme, people, [[APPROVE, REJECT], [REJECT, APPROVE], [APPROVE, correct("Basel"), REJECT]])
    assert states(crowded) == {"decided": ITEMS}
    for votes in standing_votes(crowded).values():
        assert len(votes) == len({v.person_id for v in votes}) <= 3
    assert_sound(crowded)


def test_who_disagree_blindly_end_with_one_of_several_leads(crowded: Database, acme: UUID) -> None:
    people = prepare(crowded, acme, double_review_rate=Decimal(1), max_reviewers=2)
    rush(crowded, acme, people, [[correct(f"City {n}")] for n in range(PEOPLE)])
    assert states(crowded) == {"waiting": ITEMS}
    with crowded.unit_of_work() as session:
        leads = [add_person(session, acme, f"lead{n}", roles=["lead"]) for n in range(8)]
    rush(crowded, acme, leads, [[APPROVE], [REJECT]])
    assert states(crowded) == {"decided": ITEMS}
    for votes in standing_votes(crowded).values():
        assert Counter(v.adjudicates for v in votes) == {False: 2, True: 1}
    with crowded.unit_of_work() as session:
        assert len(session.scalars(select(Decision)).all()) == ITEMS
    assert_sound(crowded)
