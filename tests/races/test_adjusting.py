"""Grants, closes and postings at once: no line is taken back twice, and nothing is posted into closed books."""

from collections import Counter
from datetime import timedelta
from functools import partial
from uuid import UUID

from app.adjustments.models import Adjustment
from app.adjustments.service import SettledAlready, Wish, ask, grant
from app.audit.rules import COMMAND, Actor
from app.costs.service import close_period
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Claim
from tests.factories.people import add_person
from tests.factories.reviewing import begin_earlier, hand_in, put_back, take
from tests.factories.work import add_item, add_items
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once
from tests.races.test_prices import ITEMS_EACH, PEOPLE, review

LEADS = 10


def wish_for(database: Database, claim: Claim, ms: int) -> UUID:
    with database.unit_of_work() as session:
        actor = Actor("person", claim.person_id)
        whose = {"workspace_id": claim.workspace_id, "person_id": claim.person_id, "claim_id": claim.id}
        return ask(session, now=read_now(session), actor=actor, wish=Wish(ms, "other", "x"), **whose).id


def grant_it(database: Database, workspace_id: UUID, adjustment_id: UUID, lead: UUID) -> Adjustment:
    with database.unit_of_work() as session:
        actor = Actor("person", lead)
        return grant(session, actor=actor, workspace_id=workspace_id, adjustment_id=adjustment_id, by=lead)


def close_often(database: Database, workspace_id: UUID) -> None:
    for quarters in range(40, 0, -1):
        with database.unit_of_work() as session:
            now = read_now(session)
            begun = now - timedelta(seconds=now.timestamp() % 900)
            until = begun - timedelta(minutes=15) * (quarters - 1)
            close_period(session, actor=COMMAND, workspace_id=workspace_id, until=until)


def test_of_many_grants_of_one_adjustment_one_counts(crowded: Database, acme: UUID) -> None:
    (ada, *leads) = add_people(crowded, acme, 1 + LEADS)
    with crowded.unit_of_work() as session:
        add_item(session, acme)
    with crowded.unit_of_work() as session:
        claim = begin_earlier(session, take(session, acme, ada), 60)
        put_back(session, claim)
    for ms in (30_000, 10_000):
        asked = wish_for(crowded, claim, ms)
        answers = at_once([partial(grant_it, crowded, acme, asked, lead) for lead in leads])
        assert Counter(type(answer) for answer in answers) == {Adjustment: 1, SettledAlready: LEADS - 1}
    assert_sound(crowded)


def test_nothing_is_posted_into_books_that_are_being_closed(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, PEOPLE)
    with crowded.unit_of_work() as session:
        zoe = add_person(session, acme, "zoe", roles=["lead"])
        add_items(session, acme, PEOPLE * ITEMS_EACH + 1)
    with crowded.unit_of_work() as session:
        claim = begin_earlier(session, take(session, acme, people[0]), 4_000)
        hand_in(session, claim)
        session.refresh(claim)
    asked = wish_for(crowded, claim, 1_000)
    at_once(
        [
            *(partial(review, crowded, acme, person) for person in people),
            partial(close_often, crowded, acme),
            partial(grant_it, crowded, acme, asked, zoe),
        ]
    )
    assert_sound(crowded)
