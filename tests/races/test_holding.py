"""Who has an item when two ask for it at once, or when its program takes it back meanwhile: one, and never nobody."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.kernel.db import Database
from app.queue.models import Claim, Item
from app.queue.service import ClaimLost
from app.review.models import Decision
from app.review.service import (
    CannotCancel,
    CannotTakeIt,
    Handed,
    NothingToClaim,
    Overtaken,
    ask_second_opinion,
    assign_item,
    beat,
    cancel,
    escalate_claim,
    expire_claims,
    give_back,
    hand_over,
    hold,
    reserve_ahead,
    take_item,
    tend_items,
    undo,
    unhold_item,
)
from app.submissions.models import Submission
from tests.factories.people import add_person
from tests.factories.reviewing import decided, hand_in, of, run_out, take
from tests.factories.timing import let_pass
from tests.factories.work import add_items, add_task_type
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

ROUNDS: Final = 12
Act = Callable[[Session, Claim], object]


def under(database: Database, act: Act, claim: Claim) -> object:
    """Do something with a claim in a transaction of its own."""
    with database.unit_of_work() as session:
        return act(session, claim)


def held_claims(database: Database, workspace_id: UUID, **body: Any) -> list[Claim]:
    """Let ROUNDS people hold an item each."""
    people = add_people(database, workspace_id, ROUNDS)
    with database.unit_of_work() as session:
        add_items(session, workspace_id, ROUNDS, **body)
    held = []
    for person_id in people:
        with database.unit_of_work() as session:
            held.append(take(session, workspace_id, person_id))
    return held


def test_what_is_kept_ready_for_one_is_handed_to_no_other(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 2 * ROUNDS)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)

    def ask(person_id: UUID, *, ahead: bool) -> UUID | None:
        """Ask until there is something or nothing is left."""
        asked: dict[str, Any] = {"actor": COMMAND, "workspace_id": acme, "person_id": person_id}
        with crowded.unit_of_work() as session:
            if ahead:
                ready = reserve_ahead(session, **asked)
                return ready.id if isinstance(ready, Item) else None
            taken = take_item(session, **asked, channel="api")
            return None if isinstance(taken, NothingToClaim) else taken[0].item_id

    answers = at_once([partial(ask, person_id, ahead=n % 2 == 0) for n, person_id in enumerate(people)])
    had = [item_id for item_id in answers if item_id is not None]
    assert len(had) == len(set(had)) == ROUNDS
    with crowded.unit_of_work() as session:
        live = Counter(session.scalars(select(Claim.item_id).where(Claim.ended_at.is_(None))))
        ready = Counter(session.scalars(select(Item.id).where(Item.state == "reserved")))
    assert live + ready == Counter(had)
    assert_sound(crowded)


def test_an_item_is_kept_for_later_or_its_lease_has_ended(crowded: Database, acme: UUID) -> None:
    held = held_claims(crowded, acme)
    with crowded.unit_of_work() as session:
        for claim in held:
            run_out(session, claim)

    def sweep() -> int:
        with crowded.unit_of_work() as session:
            return expire_claims(session=session, limit=100)

    answers = at_once([*[partial(under, crowded, ACTS["hold"], claim) for claim in held], sweep, sweep])
    sweep()
    with crowded.unit_of_work() as session:
        for claim, answer in zip(held, answers, strict=False):
            row, item = session.get_one(Claim, claim.id), session.get_one(Item, claim.item_id)
            kept = answer is None
            assert kept or isinstance(answer, ClaimLost)
            expected = ("held", "held", claim.person_id) if kept else ("expired", "waiting", None)
            assert (row.outcome, item.state, item.held_by) == expected
    assert_sound(crowded)


def _beat(session: Session, claim: Claim) -> object:
    asked = {word: value for word, value in of(claim).items() if word != "actor"}
    return beat(session, **asked, seq=1, client_mono_ms=1, state="active", last_input_age_ms=0)


def _give(session: Session, claim: Claim) -> object:
    by = session.scalars(select(Claim.person_id).where(Claim.id != claim.id)).first()
    assert by is not None
    asked: dict[str, Any] = {"actor": COMMAND, "workspace_id": claim.workspace_id, "item_id": claim.item_id, "by": by}
    return assign_item(session, **asked, to="spare@example.org")


def _hold_and_put_back(session: Session, claim: Claim) -> object:
    hold(session, **of(claim))
    asked = {word: value for word, value in of(claim).items() if word != "claim_id"}
    return unhold_item(session, **asked, oversees=False, item_id=claim.item_id)


def _judge_and_take_back(session: Session, claim: Claim) -> object:
    answer = hand_in(session, claim, at_desk=True)
    if isinstance(answer, Overtaken):
        return answer
    asked = {word: value for word, value in of(claim).items() if word != "claim_id"}
    return undo(session, **asked, oversees=False, decision_id=decided(answer).id)


ACTS: Final[dict[str, Act]] = {
    "skip": lambda session, claim: give_back(session, **of(claim), act="skip"),
    "release": lambda session, claim: give_back(session, **of(claim), act="release"),
    "hold": lambda session, claim: hold(session, **of(claim)),
    "hold and put back": _hold_and_put_back,
    "hand over": lambda session, claim: hand_over(session, **of(claim), to="spare@example.org"),
    "second opinion": lambda session, claim: ask_second_opinion(session, **of(claim), note="Is this a street?"),
    "escalate": lambda session, claim: escalate_claim(session, **of(claim)),
    "beat": _beat,
    "assign": _give,
    "judge": hand_in,
    "judge and take back": _judge_and_take_back,
    "expire": lambda session, _: expire_claims(session=session, limit=3),
    "time out": lambda session, _: tend_items(session=session, limit=3),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_program_takes_back_what_somebody_is_just_at_work_on(crowded: Database, acme: UUID, act: str) -> None:
    with crowded.unit_of_work() as session:
        add_person(session, acme, "spare")
        add_person(session, acme, "zoe", roles=["lead"])
        add_task_type(session, acme, name="timed", sla_ms=3_600_000, on_timeout="reject")
    held = held_claims(crowded, acme, **({"task_type": "timed"} if act == "time out" else {}))
    with crowded.unit_of_work() as session:
        for claim in held:
            if act == "expire":
                run_out(session, claim)
            if act == "time out":
                let_pass(session, session.get_one(Item, claim.item_id), hours=2)
        submissions = [session.get_one(Item, claim.item_id).submission_id for claim in held]

    def take_back(submission_id: UUID) -> Submission:
        with crowded.unit_of_work() as session:
            return cancel(session, actor=COMMAND, workspace_id=acme, submission_id=submission_id)

    acts = [partial(under, crowded, ACTS[act], claim) for claim in held]
    answers = at_once([*acts, *[partial(take_back, submission_id) for submission_id in submissions]])
    of_acts, of_cancels = answers[:ROUNDS], answers[ROUNDS:]
    assert {type(answer) for answer in of_cancels} <= {Submission, CannotCancel}
    with crowded.unit_of_work() as session:
        for claim, done, cancelled in zip(held, of_acts, of_cancels, strict=True):
            item = session.get_one(Item, claim.item_id)
            decisions = session.scalars(select(Decision).where(Decision.item_id == item.id, Decision.stands)).all()
            if isinstance(cancelled, Submission):
                assert (item.state, decisions, item.held_by) == ("cancelled", [], None)
                # What came later was told so; nothing of it was kept.
                assert not isinstance(done, Handed)
            else:
                assert (item.state, len(decisions)) == ("decided", 1)
        assert session.scalars(select(Claim).where(Claim.ended_at.is_(None))).all() == []
    if act not in {"judge", "judge and take back", "time out"}:
        assert all(isinstance(answer, Submission) for answer in of_cancels)
    assert not any(isinstance(answer, CannotTakeIt) for answer in of_acts)
    assert_sound(crowded)
