"""Votes are counted anew when a decision is taken back, and late ones count until somebody else has seen the item."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.queue.models import Claim
from app.reports.invariants import check_invariants
from app.review.rules.verdict import Verdict
from app.review.service import Handed, Overtaken, expire_claims, undo
from app.review.service.reserving import reserve_ahead
from tests.factories.reviewing import APPROVE, REJECT, correct, decided, hand_in, run_out, take
from tests.factories.work import add_item, add_task_type
from tests.services.review.voting import Table


def decide_at_the_desk(table: Table, name: str, verdict: Verdict) -> Handed:
    answer = hand_in(table.session, claim_of(table, name), verdict, at_desk=True)
    assert isinstance(answer, Handed)
    return answer


def claim_of(table: Table, name: str) -> Claim:
    return take(table.session, table.item.workspace_id, table.person(name), item_id=table.item.id)


def take_back(table: Table, name: str) -> None:
    decision = table.decision()
    assert decision is not None
    undo(
        table.session,
        actor=Actor("person", table.person(name)),
        workspace_id=table.item.workspace_id,
        person_id=table.person(name),
        oversees=False,
        decision_id=decision.id,
    )
    table.session.refresh(table.item)


def test_what_an_edit_had_made_void_stands_again_when_it_is_taken_back(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, rejections_required=2)
    table = Table(session, add_item(session, workspace))
    table.vote("ada", REJECT)
    decide_at_the_desk(table, "bob", correct("Basel"))
    assert table.counting() == [("reject", False), ("correct", True)]
    take_back(table, "bob")
    assert table.counting() == [("reject", True), ("correct", False)]
    assert (table.item.state, table.item.voters) == ("held", [table.person("ada")])
    assert check_invariants(session) == []
    assert decided(decide_at_the_desk(table, "bob", APPROVE)).status == "approved"
    assert check_invariants(session) == []


def test_a_correction_with_two_approvals_stays_when_the_second_is_taken_back(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=2)
    table = Table(session, add_item(session, workspace))
    table.vote("ada", correct("Basel"))
    decide_at_the_desk(table, "bob", APPROVE)
    take_back(table, "bob")
    assert table.counting() == [("correct", True), ("approve", False)]
    assert decided(decide_at_the_desk(table, "bob", APPROVE)).body["output"] == {"city": "Basel"}
    assert check_invariants(session) == []


def test_a_lead_who_takes_back_what_she_settled_settles_it_again(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal(1), max_reviewers=2)
    table = Table(session, add_item(session, workspace))
    table.vote("ada", REJECT)
    table.vote("bob")
    decide_at_the_desk(table, "lea", APPROVE)
    take_back(table, "lea")
    assert (table.item.state, table.item.adjudicating) == ("held", True)
    assert check_invariants(session) == []
    shown = table.sees("lea")
    assert len(shown.answers) == 2
    decision = decided(hand_in(session, shown.claim, REJECT))
    assert (decision.status, [v.adjudicates for v in decision.votes]) == ("rejected", [False, False, True])
    assert check_invariants(session) == []


def test_a_late_vote_counts_while_the_item_is_only_fetched_ahead_for_another(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=2)
    table = Table(session, add_item(session, workspace))
    late = run_out(session, claim_of(table, "ada"))
    expire_claims(session=session, limit=9)
    bob = table.person("bob")
    reserve_ahead(session, actor=Actor("person", bob), workspace_id=workspace, person_id=bob)
    session.refresh(table.item)
    assert (table.item.state, table.item.held_by) == ("reserved", bob)
    answer = hand_in(session, late)
    assert isinstance(answer, Handed)
    session.refresh(table.item)
    assert (answer.late, answer.approvals, table.item.state, table.item.held_by) == (True, 1, "waiting", None)
    assert check_invariants(session) == []


def test_whoever_is_kept_from_an_item_meanwhile_does_not_decide_it_late(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace)
    table = Table(session, add_item(session, workspace))
    late = run_out(session, claim_of(table, "ada"))
    expire_claims(session=session, limit=9)
    table.item.barred = [table.person("ada")]
    session.flush()
    assert isinstance(hand_in(session, late), Overtaken)
