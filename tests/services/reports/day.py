"""A day at the desk with something of everything, so that each promise has rows that could break it."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.kernel.clock import read_now
from app.kernel.ids import show
from app.review.service import cancel, expire_claims
from app.submissions.service import Asked, Kept, answer_once
from tests.factories.people import add_key, add_person, add_rate
from tests.factories.reviewing import (
    REJECT,
    begin_earlier,
    correct,
    hand_in,
    heard,
    put_back,
    run_out,
    take,
)
from tests.factories.work import add_endpoint, add_item, add_policy, add_task_type, send


def live_a_day(session: Session, workspace_id: UUID) -> None:
    """Submit, pass, block, review, correct, approve twice, reject, judge together, skip, run out, come late, cancel."""
    add_task_type(session, workspace_id)
    add_policy(
        session,
        workspace_id,
        threshold=0.9,
        rules=[
            {"name": "nowhere", "when": "output.city == 'Nowhere'", "outcome": "block"},
            {"name": "capital", "when": "output.city == 'Bern'", "outcome": "review", "approvals_required": 2},
        ],
    )
    add_rate(session, workspace_id)
    ada, bob = (add_person(session, workspace_id, name) for name in ("ada", "bob"))
    send(session, workspace_id, output={"city": "Rome"}, confidence=0.95)
    send(session, workspace_id, output={"city": "Nowhere"})
    _decide_some(session, workspace_id, ada, bob)
    _give_some_back(session, workspace_id, ada, bob)
    _judge_together(session, workspace_id, ada, bob)
    _keep_an_answer(session, workspace_id)
    add_item(session, workspace_id, output={"city": "Paris"})
    take(session, workspace_id, bob)


def _decide_some(session: Session, workspace_id: UUID, ada: UUID, bob: UUID) -> None:
    endpoint = add_endpoint(session, workspace_id)
    twice = add_item(session, workspace_id, endpoint=endpoint)
    claim = begin_earlier(session, take(session, workspace_id, ada, item_id=twice.id), 1_200)
    heard(session, claim, 60)
    hand_in(session, claim)
    hand_in(session, take(session, workspace_id, bob, item_id=twice.id), correct())
    hand_in(session, take(session, workspace_id, ada, item_id=twice.id))
    once = add_item(session, workspace_id, output={"city": "Oslo"}, endpoint=endpoint)
    hand_in(session, begin_earlier(session, take(session, workspace_id, bob, item_id=once.id), 20), REJECT)


def _give_some_back(session: Session, workspace_id: UUID, ada: UUID, bob: UUID) -> None:
    back = add_item(session, workspace_id, output={"city": "Wien"})
    put_back(session, begin_earlier(session, take(session, workspace_id, bob, item_id=back.id), 10), "skip")
    put_back(session, take(session, workspace_id, ada, item_id=back.id))
    left = add_item(session, workspace_id, output={"city": "Graz"})
    late = run_out(session, take(session, workspace_id, ada, item_id=left.id))
    expire_claims(session=session, limit=10)
    hand_in(session, late)
    gone = add_item(session, workspace_id, output={"city": "Prag"})
    take(session, workspace_id, ada, item_id=gone.id)
    cancel(session, actor=COMMAND, workspace_id=workspace_id, submission_id=gone.submission_id)


def _judge_together(session: Session, workspace_id: UUID, ada: UUID, bob: UUID) -> None:
    """Reject and edit where two rejections are asked for; judge independently, of one mind and not."""
    add_task_type(session, workspace_id, rejections_required=2)
    twice = add_item(session, workspace_id, output={"city": "Riga"})
    hand_in(session, take(session, workspace_id, ada, item_id=twice.id), REJECT)
    hand_in(session, take(session, workspace_id, bob, item_id=twice.id), correct())
    add_task_type(session, workspace_id, double_review_rate=Decimal(1), max_reviewers=2)
    lea = add_person(session, workspace_id, "lea", roles=["lead"])
    for verdict in (correct("Quito"), REJECT):
        item = add_item(session, workspace_id, output={"city": "Lima"})
        hand_in(session, take(session, workspace_id, ada, item_id=item.id), correct("Quito"))
        hand_in(session, take(session, workspace_id, bob, item_id=item.id), verdict)
        if item.adjudicating:
            hand_in(session, take(session, workspace_id, lea, item_id=item.id))
    add_task_type(session, workspace_id)


def _keep_an_answer(session: Session, workspace_id: UUID) -> None:
    key_id = add_key(session, workspace_id)

    def work() -> Kept:
        accepted = send(session, workspace_id, key_id=key_id, output={"city": "Kyiv"}, confidence=1)
        return Kept(201, show("submission", accepted.submission_id).encode(), accepted.submission_id)

    answer_once(session, now=read_now(session), asked=Asked(key_id, "k1", b"{}"), work=work)
