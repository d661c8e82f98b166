"""Many verdicts on one item, many submissions under one key: exactly one counts, and the others learn why."""

from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.audit.rules import COMMAND, Actor
from app.identity.service import create_key
from app.intake.service import submit
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.queue.models import Claim, Item
from app.review.models import Decision, Draft, Vote
from app.review.rules.verdict import Verdict
from app.review.service import AlreadyVoted, CannotCancel, Handed, Overtaken, cancel
from app.submissions.models import Submission
from app.submissions.service import Kept, answer_once
from tests.factories.reviewing import APPROVE, hand_in, put_back, take
from tests.factories.work import add_items
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound, at_once

THREADS = 20


def _verdict(database: Database, claim: Claim, verdict: Verdict) -> Handed | Overtaken:
    with database.unit_of_work() as session:
        return hand_in(session, claim, verdict)


def _claims_in_turn(database: Database, workspace_id: UUID, count: int) -> list[Claim]:
    """Let this many people hold the one item one after the other; the last one holds it still."""
    claims = []
    for n, person_id in enumerate(add_people(database, workspace_id, count), start=1):
        with database.unit_of_work() as session:
            claim = take(session, workspace_id, person_id)
            claims.append(claim)
        if n < count:
            with database.unit_of_work() as session:
                put_back(session, claim)
    return claims


def test_of_20_people_deciding_one_item_the_newest_token_wins_and_no_text_is_lost(
    crowded: Database, acme: UUID
) -> None:
    with crowded.unit_of_work() as session:
        add_items(session, acme, 1)
    claims = _claims_in_turn(crowded, acme, THREADS)
    verdicts = [Verdict("reject", message=f"by {n}") for n in range(THREADS)]
    answers = at_once([partial(_verdict, crowded, c, v) for c, v in zip(claims, verdicts, strict=True)])
    assert isinstance(answers[-1], Handed)
    assert all(isinstance(answer, Overtaken) for answer in answers[:-1])
    with crowded.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 1
        assert session.scalar(select(func.count()).select_from(Draft)) == THREADS - 1
    assert_sound(crowded)


def test_of_20_different_verdicts_under_one_claim_one_counts(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        add_items(session, acme, 1)
    (claim,) = _claims_in_turn(crowded, acme, 1)
    verdicts = [Verdict("reject", message=f"try {n}") for n in range(THREADS)]
    answers = at_once([partial(_verdict, crowded, claim, verdict) for verdict in verdicts])
    assert sum(isinstance(answer, Handed) for answer in answers) == 1
    assert sum(isinstance(answer, AlreadyVoted) for answer in answers) == THREADS - 1
    assert_sound(crowded)


def test_the_same_verdict_from_20_tabs_counts_once_and_is_answered_alike(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        add_items(session, acme, 1)
    (claim,) = _claims_in_turn(crowded, acme, 1)
    answers = at_once([partial(_verdict, crowded, claim, APPROVE)] * THREADS)
    ids = {answer.decision.id for answer in answers if isinstance(answer, Handed) and answer.decision}
    assert len(ids) == 1
    assert all(isinstance(answer, Handed) for answer in answers)
    with crowded.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 1
    assert_sound(crowded)


def test_a_decision_and_a_cancellation_never_both_happen(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        add_items(session, acme, 10)
    people = add_people(crowded, acme, 10)
    works = []
    for person_id in people:
        with crowded.unit_of_work() as session:
            claim = take(session, acme, person_id)
        works += [partial(_verdict, crowded, claim, APPROVE), partial(_cancel, crowded, acme, claim)]
    answers = at_once(works)
    for decided, cancelled in zip(answers[::2], answers[1::2], strict=True):
        won = isinstance(decided, Handed)
        assert won == isinstance(cancelled, CannotCancel), (decided, cancelled)
    assert_sound(crowded)


def _cancel(database: Database, workspace_id: UUID, claim: Claim) -> str:
    with database.unit_of_work() as session:
        submission_id = session.get_one(Item, claim.item_id).submission_id
    with database.unit_of_work() as session:
        return cancel(session, actor=COMMAND, workspace_id=workspace_id, submission_id=submission_id).status


def test_20_requests_with_one_idempotency_key_make_one_submission(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        made = create_key(session, now=read_now(session), actor=COMMAND, workspace_id=acme, scopes=["submit"])
    answers = at_once([partial(_submit, crowded, acme, made.key_id)] * THREADS)
    kept = [answer for answer in answers if isinstance(answer, Kept)]
    assert kept
    assert len({answer.submission_id for answer in kept}) == 1
    assert sum(not answer.replayed for answer in kept) == 1
    with crowded.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1


def _submit(database: Database, workspace_id: UUID, key_id: UUID) -> Kept:
    body = b'{"task_type":"address","output":{"city":"Bern"},"confidence":0.1}'

    with database.unit_of_work() as session:
        now = read_now(session)

        def work() -> Kept:
            accepted = submit(
                session,
                now=now,
                actor=Actor("key", key_id),
                workspace_id=workspace_id,
                key_id=key_id,
                body=body,
                document={"task_type": "address", "output": {"city": "Bern"}, "confidence": 0.1},
            )
            return Kept(201, b"{}", accepted.submission_id)

        return answer_once(session, now=now, key_id=key_id, idempotency_key="k", request=body, work=work)
