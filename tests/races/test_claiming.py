"""Many people at one queue: every item goes to one of them, and nobody ever holds two."""

from collections.abc import Callable
from functools import partial
from threading import Event
from uuid import UUID

from sqlalchemy import select

from app.audit.rules import COMMAND, Actor
from app.identity.service import PersonDisabled
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Claim
from app.queue.queries import list_live_claims_of
from app.queue.service import ClaimLost, ItemTaken
from app.review.service import NothingToClaim, disable_reviewer, expire_claims, take_item
from tests.factories.reviewing import put_back, run_out, take
from tests.factories.work import add_item, add_items
from tests.races.conftest import add_people
from tests.races.crowd import DEADLINE_SECONDS, assert_sound, at_once

CLAIMERS = 64
ITEMS = 2_000


def claim_one(database: Database, workspace_id: UUID, person_id: UUID) -> Claim | NothingToClaim:
    with database.unit_of_work() as session:
        taken = take_item(
            session,
            actor=Actor("person", person_id),
            workspace_id=workspace_id,
            person_id=person_id,
            channel="api",
        )
        return taken if isinstance(taken, NothingToClaim) else taken[0]


def test_one_person_in_ten_tabs_gets_one_claim(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 20)
    answers = at_once([partial(claim_one, crowded, acme, ada)] * 10)
    assert len({answer.id for answer in answers if isinstance(answer, Claim)}) == 1
    with crowded.unit_of_work() as session:
        assert len(list_live_claims_of(session, person_id=ada)) == 1
    assert_sound(crowded)


def test_one_item_wanted_by_name_goes_to_one_of_twenty(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 20)
    with crowded.unit_of_work() as session:
        item_id = add_item(session, acme).id

    def want(person_id: UUID) -> Claim:
        with crowded.unit_of_work() as session:
            return take(session, acme, person_id, item_id=item_id)

    answers = at_once([partial(want, person_id) for person_id in people])
    assert [type(answer) for answer in answers if not isinstance(answer, Claim)] == [ItemTaken] * 19
    assert_sound(crowded)


def test_leases_that_run_out_are_ended_once_by_whoever_looks(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 24)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 48)
    for person_id in people:
        with crowded.unit_of_work() as session:
            run_out(session, take(session, acme, person_id))

    def sweep() -> int:
        with crowded.unit_of_work() as session:
            return expire_claims(session=session, limit=100)

    sweeps: list[Callable[[], object]] = [sweep] * 4
    at_once([*sweeps, *(partial(claim_one, crowded, acme, person_id) for person_id in people)])
    while sweep():
        pass
    with crowded.unit_of_work() as session:
        outcomes = session.scalars(select(Claim.outcome).where(Claim.outcome.is_not(None))).all()
        assert outcomes == ["expired"] * 24
        # Somebody may have got back the very lease that another was ending at that moment; nobody has two.
        assert all(len(list_live_claims_of(session, person_id=person_id)) <= 1 for person_id in people)
    assert_sound(crowded)


def test_nobody_holds_anything_once_she_is_disabled(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 12)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 200)

    under_way, done = ({person_id: Event() for person_id in people} for _ in range(2))

    def keep_taking(person_id: UUID) -> None:
        while True:
            claim = claim_one(crowded, acme, person_id)
            under_way[person_id].set()
            assert isinstance(claim, Claim)
            # What she has in hand while she is disabled is left there, so that only disabling can have ended it.
            if done[person_id].wait(0.01):
                return
            with crowded.unit_of_work() as session:
                put_back(session, claim)

    def disable(person_id: UUID) -> None:
        under_way[person_id].wait(DEADLINE_SECONDS)
        with crowded.unit_of_work() as session:
            disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=person_id)
        done[person_id].set()

    works = [partial(work, person_id) for person_id in people for work in (keep_taking, disable)]
    answers = at_once(works)
    assert {type(answer) for answer in answers[::2]} <= {type(None), PersonDisabled, ClaimLost}
    assert answers[1::2] == [None] * 12
    with crowded.unit_of_work() as session:
        assert [list_live_claims_of(session, person_id=person_id) for person_id in people] == [[]] * 12
    assert_sound(crowded)
