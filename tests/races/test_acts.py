"""Two acts on one item at the same moment: one of them has it, the other is told so, and nothing is left half done."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from app.audit.rules import COMMAND, Actor
from app.delivery.models import Delivery
from app.delivery.service import take_due
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Claim, Item
from app.queue.service import ClaimLost
from app.review.models import Decision
from app.review.service import (
    AlreadyFinal,
    CannotCancel,
    Handed,
    NothingToClaim,
    Overtaken,
    assign_item,
    cancel,
    disable_reviewer,
    end_reservation,
    expire_claims,
    free_reservations,
    hand_over,
    hold,
    pause_reviewer,
    reserve_ahead,
    supersede,
    take_item,
    undo,
)
from app.review.service.superseding import NotStanding
from app.submissions.models import Submission
from tests.factories.people import add_person
from tests.factories.reviewing import REJECT, decided, hand_in, of, run_out, take
from tests.factories.work import add_endpoint, add_item, add_items
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

ROUNDS = 12


def do(database: Database, act: Any, **asked: Any) -> Any:
    """Do one act in a transaction of its own."""
    with database.unit_of_work() as session:
        return act(session, **asked)


@pytest.fixture
def zoe(crowded: Database, acme: UUID) -> UUID:
    """A lead."""
    with crowded.unit_of_work() as session:
        return add_person(session, acme, "zoe", roles=["lead"])


def claims(database: Database, workspace_id: UUID, people: list[UUID], **body: Any) -> list[Claim]:
    """Let each of these people hold an item."""
    with database.unit_of_work() as session:
        add_items(session, workspace_id, len(people), **body)
    held = []
    for person_id in people:
        with database.unit_of_work() as session:
            held.append(take(session, workspace_id, person_id))
    return held


def test_a_decision_is_taken_back_or_sent_never_both(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, ROUNDS)
    with crowded.unit_of_work() as session:
        endpoint = add_endpoint(session, acme)
    held = []
    for person_id in people:
        with crowded.unit_of_work() as session:
            add_item(session, acme, endpoint=endpoint)
        with crowded.unit_of_work() as session:
            held.append(take(session, acme, person_id))
    made = []
    for claim in held:
        with crowded.unit_of_work() as session:
            made.append(decided(hand_in(session, claim, at_desk=True)))

    def send_everything() -> list[UUID]:
        # A worker whose clock says that everything is final: what an undo has not taken yet, it takes.
        with crowded.unit_of_work() as session:
            late = read_now(session) + timedelta(days=1)
            return [leased.submission_id for leased in take_due(session, now=late, limit=100)]

    def take_back(claim: Claim, decision_id: UUID) -> Item:
        who = {"workspace_id": acme, "person_id": claim.person_id, "oversees": False}
        item: Item = do(crowded, undo, actor=COMMAND, **who, decision_id=decision_id)
        return item

    undoes = [partial(take_back, claim, decision.id) for claim, decision in zip(held, made, strict=True)]
    *answers, sent = at_once([*undoes, send_everything])
    with crowded.unit_of_work() as session:
        undone = {d.submission_id for d in session.scalars(select(Decision).where(Decision.undone_at.is_not(None)))}
        withdrawn = set(session.scalars(select(Delivery.submission_id).where(Delivery.state == "withdrawn")))
    assert Counter(type(a) for a in answers) == Counter({Item: len(undone), AlreadyFinal: len(answers) - len(undone)})
    assert isinstance(sent, list)
    assert withdrawn == undone
    assert not undone & set(sent)
    assert_sound(crowded)


def test_of_many_who_overturn_a_decision_one_does(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    (claim,) = claims(crowded, acme, [ada])
    with crowded.unit_of_work() as session:
        old = decided(hand_in(session, claim))
        item = session.get_one(Item, claim.item_id)
        digest = session.get_one(Submission, item.submission_id).content_sha256
        leads = [add_person(session, acme, f"lead{n}", roles=["lead"]) for n in range(ROUNDS)]

    def overturn(lead: UUID) -> object:
        asked = {"workspace_id": acme, "person_id": lead, "decision_id": old.id, "content_sha256": digest}
        return do(crowded, supersede, actor=Actor("person", lead), **asked, verdict=REJECT, reason="Wrong.")

    answers = at_once([partial(overturn, lead) for lead in leads])
    assert Counter(isinstance(a, NotStanding) for a in answers) == {True: ROUNDS - 1, False: 1}
    with crowded.unit_of_work() as session:
        assert len(session.scalars(select(Decision)).all()) == 2
    assert_sound(crowded)


def test_a_hand_over_and_the_end_of_the_lease_leave_one_story(crowded: Database, acme: UUID) -> None:
    *people, receiver = add_people(crowded, acme, ROUNDS + 1)
    held = claims(crowded, acme, people)
    with crowded.unit_of_work() as session:
        for claim in held:
            run_out(session, claim)
    to = f"p{ROUNDS}@example.org"
    overs = [partial(do, crowded, hand_over, **of(claim), to=to) for claim in held]

    def sweep() -> int:
        with crowded.unit_of_work() as session:
            return expire_claims(session=session, limit=100)

    answers = at_once([*overs, sweep, sweep])
    with crowded.unit_of_work() as session:
        for claim, answer in zip(held, answers, strict=False):
            row, item = session.get_one(Claim, claim.id), session.get_one(Item, claim.item_id)
            given = answer == receiver
            assert given or isinstance(answer, ClaimLost)
            assert (row.outcome, item.assigned_to) == (("handed_over", receiver) if given else ("expired", None))
            assert item.state == "waiting"
    assert_sound(crowded)


def test_what_is_kept_ready_can_be_cancelled_meanwhile(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, ROUNDS)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
        submissions = list(session.scalars(select(Item.submission_id)))
    reserves = [
        partial(do, crowded, reserve_ahead, actor=COMMAND, workspace_id=acme, person_id=person) for person in people
    ]
    cancels = [
        partial(do, crowded, cancel, actor=COMMAND, workspace_id=acme, submission_id=submission)
        for submission in submissions
    ]
    takes = [
        partial(do, crowded, take_item, actor=COMMAND, workspace_id=acme, person_id=person, channel="api")
        for person in people
    ]
    answers = at_once([*reserves, *cancels, *takes])
    kinds = {type(a) for a in answers}
    assert kinds <= {Item, Submission, tuple, NothingToClaim, CannotCancel}
    with crowded.unit_of_work() as session:
        assert set(session.scalars(select(Item.state))) == {"cancelled"}
        assert set(session.scalars(select(Claim.outcome))) <= {"cancelled"}
    assert_sound(crowded)


def test_a_person_has_one_item_ready_however_often_she_asks(crowded: Database, acme: UUID) -> None:
    ada, bob = add_people(crowded, acme, 2)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
    mine = {"actor": COMMAND, "workspace_id": acme, "person_id": ada}
    asks = [partial(do, crowded, reserve_ahead, **mine)] * 6
    ends = [partial(do, crowded, lambda s, **k: end_reservation(s, now=read_now(s), **k), **mine)] * 3
    pauses = [partial(do, crowded, lambda s, **k: pause_reviewer(s, now=read_now(s), **k), **mine)]
    takes = [partial(do, crowded, take_item, **mine, channel="api")] * 2
    others = [partial(do, crowded, take_item, actor=COMMAND, workspace_id=acme, person_id=bob, channel="api")]
    sweeps = [partial(do, crowded, free_reservations, limit=10)] * 2
    at_once([*asks, *ends, *pauses, *takes, *others, *sweeps])
    with crowded.unit_of_work() as session:
        kept = session.scalars(select(Item).where(Item.state == "reserved", Item.held_by == ada)).all()
        live = session.scalars(select(Claim).where(Claim.ended_at.is_(None), Claim.person_id == ada)).all()
    assert (len(kept) <= 1, len(live) <= 1) == (True, True)
    assert_sound(crowded)


def test_an_item_that_is_ready_stays_so_while_somebody_only_looks_at_its_row(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    with crowded.unit_of_work() as session:
        add_items(session, acme, 2)
    mine = {"actor": COMMAND, "workspace_id": acme, "person_id": ada}
    ready = do(crowded, reserve_ahead, **mine)
    assert isinstance(ready, Item)
    with crowded.unit_of_work() as looking:
        # As a search does that found the row while it was free.
        looking.execute(select(Item.id).where(Item.id == ready.id).with_for_update())
        again = do(crowded, reserve_ahead, **mine)
    assert isinstance(again, Item)
    assert again.id == ready.id
    assert_sound(crowded)


def test_a_verdict_and_a_lead_who_gives_the_item_away_never_both_have_it(
    crowded: Database, acme: UUID, zoe: UUID
) -> None:
    *people, receiver = add_people(crowded, acme, ROUNDS + 1)
    held = claims(crowded, acme, people)

    def judge(claim: Claim) -> Handed | Overtaken:
        with crowded.unit_of_work() as session:
            return hand_in(session, claim)

    verdicts = [partial(judge, claim) for claim in held]
    gives = [
        partial(
            do,
            crowded,
            assign_item,
            actor=Actor("person", zoe),
            workspace_id=acme,
            by=zoe,
            item_id=claim.item_id,
            to=f"p{ROUNDS}@example.org",
        )
        for claim in held
    ]
    answers = at_once([*verdicts, *gives])
    with crowded.unit_of_work() as session:
        for claim, verdict, given in zip(held, answers[:ROUNDS], answers[ROUNDS:], strict=True):
            item = session.get_one(Item, claim.item_id)
            if isinstance(verdict, Handed):
                assert item.state == "decided"
                assert not isinstance(given, Item)
            else:
                assert (item.state, item.assigned_to) == ("waiting", receiver)
    assert_sound(crowded)


def test_whoever_is_disabled_keeps_nothing_whatever_she_does_meanwhile(
    crowded: Database, acme: UUID, zoe: UUID
) -> None:
    people = add_people(crowded, acme, ROUNDS)
    held = claims(crowded, acme, people)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
        session.execute(update(Item).values(unskippable=True))
    made = {}
    for claim in held[: ROUNDS // 2]:
        with crowded.unit_of_work() as session:
            made[claim.person_id] = decided(hand_in(session, claim, at_desk=True)).id
    acts = []
    for claim in held:
        if claim.person_id in made:
            asked = {"actor": COMMAND, "workspace_id": acme, "decision_id": made[claim.person_id]}
            acts.append(partial(do, crowded, undo, **asked, person_id=claim.person_id, oversees=False))
        else:
            acts.append(partial(do, crowded, hold, **of(claim)))
    acts += [partial(do, crowded, reserve_ahead, actor=COMMAND, workspace_id=acme, person_id=p) for p in people]

    def disable(person_id: UUID) -> None:
        with crowded.unit_of_work() as session:
            disable_reviewer(session=session, now=read_now(session), actor=COMMAND, person_id=person_id)

    at_once([*acts, *[partial(disable, person_id) for person_id in people]])
    with crowded.unit_of_work() as session:
        assert set(session.scalars(select(Item.held_by))) == {None}
        assert set(session.scalars(select(Item.state))) <= {"waiting", "decided"}
    assert_sound(crowded)
