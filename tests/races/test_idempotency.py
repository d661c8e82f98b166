"""Many requests under one Idempotency-Key: one of them makes a submission, the others get its answer."""

from functools import partial
from uuid import UUID

from sqlalchemy import func, select

from app.audit.rules import COMMAND, Actor
from app.identity.service import create_key
from app.intake.service import submit
from app.kernel.clock import read_now
from app.kernel.db import Database
from app.submissions.models import Submission
from app.submissions.service import Asked, Kept, answer_once
from tests.races.crowd import at_once

THREADS = 20


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

        return answer_once(session, now=now, asked=Asked(key_id, "k", body), work=work)
