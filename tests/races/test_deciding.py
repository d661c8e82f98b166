"""Many hands on one item: one verdict wins, the others learn who, and no text is lost."""

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from app.audit.rules import COMMAND
from app.identity.service import create_person, create_workspace
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import new_id
from app.queue.models import Claim, Item
from app.queue.queries import list_overdue_claims
from app.queue.service import ClaimLost
from app.review.models import Decision, Draft, Vote
from app.review.service import AlreadyVoted, CannotCancel, Handed, Overtaken, beat, cancel, expire_claims
from app.submissions.models import Submission
from tests.factories.reviewing import APPROVE, correct, hand_in, put_back, run_out, take
from tests.factories.work import add_item, add_items, add_task_type, item_of, send
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

THREADS = 20
ROUNDS = 24


def held(database: Database, workspace_id: UUID, person_id: UUID) -> Claim:
    with database.unit_of_work() as session:
        return take(session, workspace_id, person_id)


def verdict_under(database: Database, claim: Claim, verdict: Any = APPROVE) -> Handed | Overtaken:
    with database.unit_of_work() as session:
        return hand_in(session, claim, verdict)


def give_back(database: Database, claim: Claim) -> None:
    with database.unit_of_work() as session:
        put_back(session, claim)


def count(database: Database, model: Any) -> int:
    with database.unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_of_20_verdicts_under_one_claim_one_wins(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    with crowded.unit_of_work() as session:
        add_item(session, acme)
    claim = held(crowded, acme, ada)
    verdicts = [correct(f"City {n}") for n in range(THREADS)]
    answers = at_once([partial(verdict_under, crowded, claim, verdict) for verdict in verdicts])
    assert Counter(type(answer) for answer in answers) == {Handed: 1, AlreadyVoted: THREADS - 1}
    assert count(crowded, Decision) == 1
    assert_sound(crowded)


def test_20_times_the_same_verdict_is_one_decision(crowded: Database, acme: UUID) -> None:
    (ada,) = add_people(crowded, acme, 1)
    with crowded.unit_of_work() as session:
        add_item(session, acme)
    claim = held(crowded, acme, ada)
    answers = at_once([partial(verdict_under, crowded, claim)] * THREADS)
    assert len({answer.decision.id for answer in answers if isinstance(answer, Handed) and answer.decision}) == 1
    assert all(isinstance(answer, Handed) for answer in answers)
    assert (count(crowded, Decision), count(crowded, Vote)) == (1, 1)
    assert_sound(crowded)


def test_of_20_people_who_held_an_item_one_after_the_other_the_last_wins(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, THREADS)
    with crowded.unit_of_work() as session:
        item_id = add_item(session, acme).id
    claims = []
    for person_id in people:
        claims.append(held(crowded, acme, person_id))
        give_back(crowded, claims[-1])
    answers = at_once([partial(verdict_under, crowded, claim, correct(f"City {claim.token}")) for claim in claims])
    assert [type(answer) for answer in answers] == [Overtaken] * (THREADS - 1) + [Handed]
    with crowded.unit_of_work() as session:
        assert session.get_one(Item, item_id).token == THREADS
        # What the others wrote is theirs still.
        assert set(session.scalars(select(Draft.person_id).where(Draft.lost))) == set(people[:-1])
    assert_sound(crowded)


def test_a_late_verdict_and_the_next_claim_never_both_have_the_item(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 2 * ROUNDS)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
    old = [held(crowded, acme, person_id) for person_id in people[:ROUNDS]]
    for claim in old:
        give_back(crowded, claim)

    def take_that(item_id: UUID, person_id: UUID) -> Handed | Overtaken:
        with crowded.unit_of_work() as session:
            claim = take(session, acme, person_id, item_id=item_id)
        return verdict_under(crowded, claim)

    late = [partial(verdict_under, crowded, claim) for claim in old]
    news = [partial(take_that, claim.item_id, person) for claim, person in zip(old, people[ROUNDS:], strict=True)]
    answers = at_once([*late, *news])
    wins = [
        (isinstance(a, Handed), isinstance(b, Handed)) for a, b in zip(answers[:ROUNDS], answers[ROUNDS:], strict=True)
    ]
    assert set(wins) <= {(True, False), (False, True)}
    assert count(crowded, Decision) == ROUNDS
    assert_sound(crowded)


def test_beats_expiry_and_verdict_at_once_leave_one_story(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, ROUNDS)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
    claims = []
    for n, person_id in enumerate(people):
        with crowded.unit_of_work() as session:
            # Some leases have run out, some run out while the race is on, some hold.
            claims.append(run_out(session, take(session, acme, person_id), seconds=0.3 - 0.05 * n))

    def keep_beating(claim: Claim) -> int:
        for seq in range(8):
            with crowded.unit_of_work() as session:
                beat(
                    session,
                    workspace_id=acme,
                    person_id=claim.person_id,
                    claim_id=claim.id,
                    seq=seq,
                    client_mono_ms=seq,
                    state="active",
                    last_input_age_ms=0,
                )
        return 8

    def sweep() -> int:
        ended = 0
        for _ in range(12):
            with crowded.unit_of_work() as session:
                ended += expire_claims(session=session, limit=5)
        return ended

    beats = [partial(keep_beating, claim) for claim in claims]
    verdicts = [partial(verdict_under, crowded, claim) for claim in claims]
    answers = at_once([*beats, *verdicts, sweep, sweep])
    assert {type(answer) for answer in answers[:ROUNDS]} <= {int, ClaimLost}
    assert [type(answer) for answer in answers[ROUNDS : 2 * ROUNDS]] == [Handed] * ROUNDS
    with crowded.unit_of_work() as session:
        assert list_overdue_claims(session, limit=9) == []
    assert count(crowded, Decision) == ROUNDS
    assert_sound(crowded)


def test_a_submission_is_cancelled_or_decided_and_never_both(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, ROUNDS)
    with crowded.unit_of_work() as session:
        submissions = [send(session, acme).submission_id for _ in people]
    claims = []
    for submission_id, person_id in zip(submissions, people, strict=True):
        with crowded.unit_of_work() as session:
            claims.append(take(session, acme, person_id, item_id=item_of(session, submission_id).id))

    def take_back(submission_id: UUID) -> str:
        with crowded.unit_of_work() as session:
            return cancel(session, actor=COMMAND, workspace_id=acme, submission_id=submission_id).status

    cancels = [partial(take_back, submission_id) for submission_id in submissions]
    answers = at_once([*cancels, *(partial(verdict_under, crowded, claim) for claim in claims)])
    pairs = zip(answers[:ROUNDS], answers[ROUNDS:], strict=True)
    stories = Counter((type(cancelled), type(decided)) for cancelled, decided in pairs)
    assert set(stories) <= {(str, Overtaken), (CannotCancel, Handed)}
    with crowded.unit_of_work() as session:
        statuses = Counter(session.scalars(select(Submission.status)))
    assert statuses["cancelled"] == stories[str, Overtaken]
    assert_sound(crowded)


def test_a_skip_and_a_verdict_at_once_are_a_decision(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, ROUNDS)
    with crowded.unit_of_work() as session:
        add_items(session, acme, ROUNDS)
    claims = [held(crowded, acme, person_id) for person_id in people]
    skips = [partial(give_back, crowded, claim) for claim in claims]
    answers = at_once([*skips, *(partial(verdict_under, crowded, claim) for claim in claims)])
    # Whoever is second finds the other's work: the skip a claim that has ended, the verdict an item that waits.
    for skip, verdict in zip(answers[:ROUNDS], answers[ROUNDS:], strict=True):
        assert isinstance(verdict, Handed)
        assert isinstance(skip, ClaimLost) != verdict.late
    assert_sound(crowded)


def test_the_second_approval_is_one_persons_only(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 16)
    with crowded.unit_of_work() as session:
        add_task_type(session, acme, approvals_required=2)
        add_items(session, acme, ROUNDS)

    def approve_what_comes(person_id: UUID) -> None:
        for _ in range(4 * ROUNDS):
            try:
                claim = held(crowded, acme, person_id)
            except AssertionError:
                return
            verdict_under(crowded, claim, replace(APPROVE, note=new_id().hex))

    at_once([partial(approve_what_comes, person_id) for person_id in people])
    with crowded.unit_of_work() as session:
        rest = session.scalar(select(func.count()).select_from(Item).where(Item.state == "waiting"))
        votes = session.execute(select(Vote.item_id, func.count(func.distinct(Vote.person_id))).group_by(Vote.item_id))
        assert all(people_of_item <= 2 for _, people_of_item in votes)
    assert rest == 0
    assert count(crowded, Decision) == ROUNDS
    assert_sound(crowded)


def test_a_person_at_two_desks_is_paid_for_one(crowded: Database, acme: UUID) -> None:
    people = add_people(crowded, acme, 8)
    claims = []
    with crowded.unit_of_work() as session:
        add_items(session, acme, 8)
        other = _second_workspace(session, people)
    for person_id in people:
        for workspace_id in (acme, other):
            with crowded.unit_of_work() as session:
                claims.append(run_out(session, take(session, workspace_id, person_id), seconds=-800))
    answers = at_once([partial(verdict_under, crowded, claim) for claim in claims])
    assert all(isinstance(answer, Handed) for answer in answers)
    assert_sound(crowded)


def _second_workspace(session: Any, people: list[UUID]) -> UUID:
    """Make a workspace to which these people belong too, with an item for each."""
    other = create_workspace(session, now=read_now(session), name="Other").id
    for n in range(len(people)):
        create_person(
            session,
            now=read_now(session),
            actor=COMMAND,
            workspace_id=other,
            email=f"p{n}@example.org",
            roles=["reviewer"],
        )
    add_task_type(session, other)
    add_items(session, other, len(people))
    return other
