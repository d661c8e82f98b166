"""Rates and terms that change while people hand in: every entry has the price that was known when it was posted."""

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.audit.rules import COMMAND
from app.costs.models import CostEntry, PieceEntry
from app.costs.rules import RateUnit
from app.identity.service import AccessChange, change_access
from app.kernel.clock import read_now
from app.kernel.db import Database
from tests.factories.people import add_rate
from tests.factories.reviewing import begin_earlier, hand_in, take
from tests.factories.work import add_items
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

PEOPLE = 8
ITEMS_EACH = 12
CHANGES = 12
UNITS: Sequence[RateUnit] = ("hour", "item", "minute")


def review(database: Database, workspace_id: UUID, person_id: UUID) -> None:
    for _ in range(ITEMS_EACH):
        with database.unit_of_work() as session:
            claim = begin_earlier(session, take(session, workspace_id, person_id), 2)
        with database.unit_of_work() as session:
            hand_in(session, claim)


def change_rates(database: Database, workspace_id: UUID) -> None:
    for number in range(CHANGES):
        with database.unit_of_work() as session:
            unit = UNITS[number % 3]
            valid_from = read_now(session)
            add_rate(session, workspace_id, str(number), unit=unit, role="reviewer", valid_from=valid_from)


def change_vendors(database: Database, workspace_id: UUID, people: list[UUID]) -> None:
    for number in range(CHANGES):
        with database.unit_of_work() as session:
            change_access(
                session,
                now=read_now(session),
                actor=COMMAND,
                workspace_id=workspace_id,
                person_id=people[number % len(people)],
                change=AccessChange(vendor="Acme") if number % 2 else AccessChange(own=True),
            )


def test_prices_are_those_known_when_the_time_was_posted(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, PEOPLE)
    with crowded.unit_of_work() as session:
        add_items(session, acme, PEOPLE * ITEMS_EACH)
        add_rate(session, acme, "50", vendor="Acme")
    at_once(
        [
            *(partial(review, crowded, acme, person) for person in people),
            partial(change_rates, crowded, acme),
            partial(change_vendors, crowded, acme, people),
        ]
    )
    assert_sound(crowded)
    with crowded.unit_of_work() as session:
        assert (session.scalar(select(func.count(CostEntry.rate_card_id.distinct()))) or 0) > CHANGES / 3
        assert session.scalar(select(func.count()).select_from(PieceEntry))
