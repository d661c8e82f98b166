"""A program that sends the same thing many times at once is answered once."""

from collections import Counter
from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.kernel.clock import read_now
from app.kernel.db import Database
from app.kernel.ids import show
from app.queue.models import Queue
from app.submissions.models import IdempotentAnswer, Submission
from app.submissions.service import Asked, Kept, answer_once
from app.submissions.service.idempotency import OtherBody
from tests.factories.people import add_key
from tests.factories.work import send
from tests.races.crowd import assert_sound, at_once

THREADS = 20


def post(database: Database, workspace_id: UUID, key_id: UUID, request: bytes, idempotency_key: str = "k") -> Kept:
    with database.unit_of_work() as session:

        def work() -> Kept:
            submission_id = send(session, workspace_id, key_id=key_id).submission_id
            return Kept(201, show("submission", submission_id).encode(), submission_id)

        return answer_once(
            session,
            now=read_now(session),
            asked=Asked(key_id, idempotency_key, request),
            work=work,
        )


def test_one_key_sent_20_times_makes_one_submission_and_20_like_answers(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        key_id = add_key(session, acme)
    answers = at_once([partial(post, crowded, acme, key_id, b"{}")] * THREADS)
    kept = [answer for answer in answers if isinstance(answer, Kept)]
    assert Counter(answer.replayed for answer in kept) == {False: 1, True: THREADS - 1}
    assert len({(answer.status_code, answer.body, answer.submission_id) for answer in kept}) == 1
    with crowded.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 1
        assert session.scalar(select(func.count()).select_from(IdempotentAnswer)) == 1
    assert_sound(crowded)


def test_one_key_with_two_bodies_takes_one_and_refuses_the_other(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        key_id = add_key(session, acme)
    answers = at_once([partial(post, crowded, acme, key_id, body) for body in [b"1", b"2"] * 5])
    assert Counter(type(answer) for answer in answers) == {Kept: 5, OtherBody: 5}
    assert_sound(crowded)


def test_the_same_word_under_two_api_keys_is_two_keys(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        keys = [add_key(session, acme) for _ in range(2)]
    answers = at_once([partial(post, crowded, acme, key_id, b"{}") for key_id in keys * 5])
    assert len({answer.submission_id for answer in answers if isinstance(answer, Kept)}) == 2
    assert_sound(crowded)


def test_the_first_items_of_a_queue_share_it(crowded: Database, acme: UUID) -> None:
    with crowded.unit_of_work() as session:
        key_id = add_key(session, acme)
    at_once([partial(post, crowded, acme, key_id, b"{}", f"k{n}") for n in range(THREADS)])
    with crowded.unit_of_work() as session:
        assert session.scalar(select(func.count()).select_from(Queue)) == 1
    assert_sound(crowded)
