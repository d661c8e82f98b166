"""A verdict is handed in: it decides, comes too late, comes twice, or does not fit."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.delivery.models import Delivery
from app.delivery.service import BODY_PURPOSE
from app.kernel.strict_json import decode
from app.queue.models import Item
from app.queue.queries import NoSuchClaim
from app.reports.invariants import check_invariants
from app.review.models import Decision, Draft, Vote
from app.review.queries import find_draft, open_claim
from app.review.rules.verdict import Verdict, VerdictRefused
from app.review.service import AlreadyVoted, ContentChanged, Handed, Overtaken, save_draft
from app.submissions.models import Submission
from app.submissions.queries import data_key
from tests.factories.counting import QueryCounter
from tests.factories.people import add_rate
from tests.factories.reviewing import (
    APPROVE,
    REJECT,
    begin_earlier,
    correct,
    decided,
    hand_in,
    heard,
    put_back,
    run_out,
    take,
)
from tests.factories.work import add_endpoint
from tests.services.review.conftest import Hold

ANSWER = Verdict("respond", message="Ask for the street.")


@pytest.mark.parametrize(
    ("verdict", "status", "output"),
    [
        (APPROVE, "approved", {"city": "Bern"}),
        (correct("Basel"), "corrected", {"city": "Basel"}),
        (REJECT, "rejected", {"city": "Bern"}),
        (ANSWER, "answered", {"city": "Bern"}),
    ],
)
def test_one_verdict_decides(session: Session, hold: Hold, verdict: Verdict, status: str, output: object) -> None:
    claim = hold()
    decision = decided(hand_in(session, claim, verdict))
    assert (decision.status, decision.body["output"], decision.late) == (status, output, False)
    assert decision.decided_by_kind == "human"
    item = session.get_one(Item, claim.item_id, populate_existing=True)
    submission = session.get_one(Submission, item.submission_id, populate_existing=True)
    assert (item.state, submission.status) == ("decided", status)
    assert submission.final_at == decision.final_at == decision.decided_at
    assert submission.content_sha256 == decision.content_sha256
    assert check_invariants(session) == []


def test_message_note_and_reasons_are_kept_with_the_decision(session: Session, hold: Hold) -> None:
    verdict = correct("Basel", message="Wrong city.", note="for us", reason_codes=("wrong_city",))
    body = decided(hand_in(session, hold(), verdict)).body
    assert (body["message"], body["note"], body["reason_codes"]) == ("Wrong city.", "for us", ["wrong_city"])
    vote = session.scalars(select(Vote)).one()
    assert vote.reason_codes == ["wrong_city"]
    assert b"Basel" not in vote.body


@pytest.mark.parametrize(
    ("verdict", "pointer"),
    [
        (correct(""), "/output/city"),
        (Verdict("correct", output={"town": "Basel"}, has_output=True), "/output"),
        (Verdict("correct"), "/output"),
        (Verdict("approve", output={"city": "Basel"}, has_output=True), "/output"),
        (Verdict("respond"), "/message"),
        (Verdict(None), "/verb"),
        (Verdict("reject", reason_codes=("bored",)), "/reason_codes/0"),
    ],
)
def test_a_verdict_that_does_not_fit_changes_nothing(
    session: Session, hold: Hold, verdict: Verdict, pointer: str
) -> None:
    claim = hold()
    with pytest.raises(VerdictRefused) as refused:
        hand_in(session, claim, verdict)
    assert refused.value.faults[0].pointer == pointer
    assert session.get_one(Item, claim.item_id, populate_existing=True).state == "claimed"
    assert decided(hand_in(session, claim)).status == "approved"


def test_a_verdict_on_other_content_is_refused(session: Session, hold: Hold) -> None:
    claim = hold()
    with pytest.raises(ContentChanged):
        hand_in(session, claim, content_sha256=b"x" * 32)
    assert session.scalars(select(Decision)).all() == []


def test_the_same_verdict_again_is_answered_the_same(session: Session, hold: Hold) -> None:
    claim = hold()
    first = hand_in(session, claim, correct("Basel"))
    assert hand_in(session, claim, correct("Basel")) == first
    assert len(session.scalars(select(Vote)).all()) == 1


def test_another_verdict_under_the_same_claim_is_refused(session: Session, hold: Hold) -> None:
    claim = hold()
    hand_in(session, claim, APPROVE)
    with pytest.raises(AlreadyVoted):
        hand_in(session, claim, REJECT)


def test_somebody_elses_claim_does_not_exist(session: Session, hold: Hold, bob: UUID) -> None:
    claim = hold()
    session.expunge(claim)
    claim.person_id = bob
    with pytest.raises(NoSuchClaim):
        hand_in(session, claim)


@pytest.mark.parametrize("swept", [False, True])
def test_a_late_verdict_counts_while_nobody_took_the_item(session: Session, hold: Hold, *, swept: bool) -> None:
    claim = run_out(session, hold())
    if swept:
        put_back(session, claim)
    answer = hand_in(session, claim)
    assert isinstance(answer, Handed)
    assert (answer.late, decided(answer).late, decided(answer).status) == (True, True, "approved")
    session.refresh(claim)
    assert claim.ended_at == claim.expires_at
    assert decided(hand_in(session, claim)) == decided(answer)
    assert check_invariants(session) == []


def test_an_overtaken_verdict_is_kept_as_a_draft_and_told_who_holds_the_item(
    session: Session, workspace: UUID, bob: UUID, hold: Hold
) -> None:
    mine = hold()
    put_back(session, mine)
    take(session, workspace, bob)
    answer = hand_in(session, mine, correct("Basel", note="sure"))
    assert isinstance(answer, Overtaken)
    assert (answer.state, answer.held_by, answer.decision) == ("claimed", bob, None)
    draft = session.get_one(Draft, answer.draft_id)
    submission_id = session.get_one(Item, mine.item_id).submission_id
    kept = decode(data_key(session, submission_id=submission_id).open(draft.body, purpose="draft"))
    assert (draft.person_id, draft.lost) == (mine.person_id, True)
    assert (kept["output"], kept["note"]) == ({"city": "Basel"}, "sure")
    assert check_invariants(session) == []


def test_an_overtaken_verdict_learns_the_winners(session: Session, workspace: UUID, bob: UUID, hold: Hold) -> None:
    mine = hold()
    put_back(session, mine)
    won = decided(hand_in(session, take(session, workspace, bob), REJECT))
    answer = hand_in(session, mine)
    assert isinstance(answer, Overtaken)
    assert (answer.state, answer.held_by, answer.decision) == ("decided", None, won)
    assert [v.person_id for v in won.votes] == [bob]


def test_a_token_that_is_not_the_claims_own_is_too_old(session: Session, hold: Hold) -> None:
    assert isinstance(hand_in(session, hold(), token=0), Overtaken)


def test_with_a_key_a_decision_is_final_at_once(session: Session, hold: Hold) -> None:
    decision = decided(hand_in(session, hold()))
    assert decision.final_at == decision.decided_at


def test_at_the_desk_it_is_final_after_the_time_to_undo_it_and_delivered_then(
    session: Session, workspace: UUID, hold: Hold
) -> None:
    endpoint = add_endpoint(session, workspace)
    claim = hold(endpoint=endpoint, external_id="a-1", metadata={"order": "7"})
    decision = decided(hand_in(session, claim, correct("Basel"), at_desk=True))
    assert decision.final_at == decision.decided_at + timedelta(seconds=10)
    delivery = sent(session)
    assert (delivery["endpoint_id"], delivery["decision_id"]) == (endpoint.id, decision.id)
    assert delivery["due_at"] == delivery["next_attempt_at"] == decision.final_at
    data = delivery["body"]["data"]
    assert (data["external_id"], data["metadata"], data["status"]) == ("a-1", {"order": "7"}, "corrected")
    assert (data["decision"]["output"], data["decision"]["content_sha256"]) == (
        {"city": "Basel"},
        data["content_sha256"],
    )


def sent(session: Session) -> dict[str, Any]:
    """Return the one delivery there is, with its body opened."""
    row = session.scalars(select(Delivery)).one()
    body = data_key(session, submission_id=row.submission_id).open(row.body, purpose=BODY_PURPOSE)
    return {**{c.key: getattr(row, c.key) for c in Delivery.__table__.columns}, "body": decode(body)}


def test_what_was_typed_before_is_dropped_once_it_was_handed_in(session: Session, workspace: UUID, hold: Hold) -> None:
    claim = hold()
    submission_id = session.get_one(Item, claim.item_id).submission_id
    key = data_key(session, submission_id=submission_id)
    for text in ("Ba", "Basel"):
        save_draft(
            session,
            now=claim.claimed_at,
            workspace_id=workspace,
            person_id=claim.person_id,
            claim_id=claim.id,
            body={"output": {"city": text}},
        )
    draft, _ = find_draft(session, item_id=claim.item_id, person_id=claim.person_id, key=key)
    assert draft == {"output": {"city": "Basel"}}
    hand_in(session, claim)
    assert find_draft(session, item_id=claim.item_id, person_id=claim.person_id, key=key) == (None, None)


def test_the_text_of_a_lost_lease_comes_back_with_the_next(session: Session, workspace: UUID, hold: Hold) -> None:
    claim = hold()
    save_draft(
        session,
        now=claim.claimed_at,
        workspace_id=workspace,
        person_id=claim.person_id,
        claim_id=claim.id,
        body={"output": {"city": "Basel"}},
    )
    run_out(session, claim)
    again = take(session, workspace, claim.person_id)
    assert open_claim(session, claim=again).draft == {"output": {"city": "Basel"}}


def test_a_decision_takes_as_many_statements_whatever_was_heard(session: Session, workspace: UUID, hold: Hold) -> None:
    add_rate(session, workspace)
    counts = []
    for beats in (1, 20):
        claim = begin_earlier(session, hold(endpoint=add_endpoint(session, workspace)), 400)
        for n in range(beats):
            heard(session, claim, 15 * n, seq=n)
        session.flush()
        with QueryCounter(session) as queries:
            hand_in(session, claim)
        counts.append(queries.count)
    # Two of them are the test's own; an endpoint is told what the decision cost, which is asked for in one.
    assert counts == [8, 8], queries.statements
