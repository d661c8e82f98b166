"""Two approvals are those of two people, for the same text; one rejection is enough."""

from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Item
from app.queue.service import ItemTaken
from app.reports.invariants import check_invariants
from app.review.models import Decision, Vote
from app.review.rules.verdict import ActionVerdict, Verdict
from app.review.service import Handed
from tests.factories.people import add_person
from tests.factories.reviewing import APPROVE, REJECT, correct, decided, hand_in, put_back, run_out, take
from tests.factories.work import add_item, add_task_type


@pytest.fixture
def item(session: Session, workspace: UUID) -> Item:
    """An item that needs two approvals."""
    add_task_type(session, workspace, approvals_required=2)
    return add_item(session, workspace)


@pytest.fixture
def proposed(session: Session, workspace: UUID) -> Item:
    """Two actions that need two approvals."""
    add_task_type(session, workspace, approvals_required=2)
    actions = [{"call_id": "r", "name": "refund", "args": {"amount": 80}}, {"call_id": "m", "name": "mail"}]
    return add_item(session, workspace, output=None, actions=actions)


def vote(session: Session, item: Item, person_id: UUID, verdict: Verdict = APPROVE) -> Handed:
    answer = hand_in(session, take(session, item.workspace_id, person_id, item_id=item.id), verdict)
    assert isinstance(answer, Handed)
    return answer


def test_the_first_approval_decides_nothing(session: Session, item: Item, ada: UUID) -> None:
    answer = vote(session, item, ada)
    assert (answer.decision, answer.approvals, answer.approvals_required) == (None, 1, 2)
    session.refresh(item)
    assert (item.state, item.voters) == ("waiting", [ada])
    assert session.scalars(select(Decision)).all() == []
    assert check_invariants(session) == []


def test_the_second_approval_of_somebody_else_decides(session: Session, item: Item, ada: UUID, bob: UUID) -> None:
    vote(session, item, ada)
    decision = decided(vote(session, item, bob))
    assert (decision.status, [v.person_id for v in decision.votes]) == ("approved", [ada, bob])
    assert check_invariants(session) == []


def test_nobody_approves_twice(session: Session, item: Item, ada: UUID) -> None:
    vote(session, item, ada)
    with pytest.raises(ItemTaken):
        vote(session, item, ada)


@pytest.mark.parametrize("verdict", [REJECT, Verdict("respond", message="?")])
def test_one_rejection_or_answer_decides(session: Session, item: Item, ada: UUID, bob: UUID, verdict: Verdict) -> None:
    vote(session, item, ada)
    assert decided(vote(session, item, bob, verdict)).status in {"rejected", "answered"}
    assert check_invariants(session) == []


def test_a_correction_is_the_first_approval_of_its_own_text(session: Session, item: Item, ada: UUID, bob: UUID) -> None:
    assert vote(session, item, ada, correct("Basel")).approvals == 1
    decision = decided(vote(session, item, bob))
    assert (decision.status, decision.body["output"]) == ("corrected", {"city": "Basel"})


def test_an_edit_makes_earlier_approvals_void(session: Session, item: Item, ada: UUID, bob: UUID) -> None:
    vote(session, item, ada)
    answer = vote(session, item, bob, correct("Basel"))
    assert (answer.decision, answer.approvals) == (None, 1)
    assert {(v.person_id, v.counts) for v in session.scalars(select(Vote))} == {(ada, False), (bob, True)}
    with pytest.raises(ItemTaken):
        vote(session, item, bob)
    decision = decided(vote(session, item, ada))
    assert (decision.status, [v.verb for v in decision.votes]) == ("corrected", ["correct", "approve"])
    assert check_invariants(session) == []


def test_an_edit_of_an_edit_needs_another_approval(
    session: Session, workspace: UUID, item: Item, ada: UUID, bob: UUID
) -> None:
    vote(session, item, ada, correct("Basel"))
    assert vote(session, item, bob, correct("Zug")).decision is None
    decision = decided(vote(session, item, add_person(session, workspace, "cyd")))
    assert (decision.body["output"], len(decision.votes)) == ({"city": "Zug"}, 2)
    assert check_invariants(session) == []


def on(refund: str, mail: str) -> Verdict:
    """Return a verdict with these verbs for the two actions, an edit being to halve the refund."""
    return Verdict(
        None,
        actions=(
            ActionVerdict("r", refund, {"amount": 40} if refund == "edit" else None),
            ActionVerdict("m", mail, message="why" if mail in {"respond", "reject"} else None),
        ),
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        (APPROVE, APPROVE, ("approved", "approve", "approve")),
        (on("approve", "reject"), APPROVE, ("approved", "approve", "reject")),
        (APPROVE, on("approve", "reject"), ("approved", "approve", "reject")),
        (on("edit", "reject"), APPROVE, ("corrected", "approve", "reject")),
        (on("approve", "reject"), on("reject", "approve"), ("approved", "reject", "reject")),
    ],
)
def test_an_action_runs_only_when_both_let_it_run(
    session: Session, proposed: Item, first: Verdict, second: Verdict, outcome: tuple[str, str, str]
) -> None:
    ada, bob = (add_person(session, proposed.workspace_id, name) for name in ("ada", "bob"))
    vote(session, proposed, ada, first)
    decision = decided(vote(session, proposed, bob, second))
    refund, mail = decision.body["actions"]
    assert (decision.status, refund["verb"], mail["verb"]) == outcome
    assert (refund["run"], mail["run"]) == (outcome[1] == "approve", outcome[2] == "approve")
    assert mail["message"] == ("why" if outcome[2] == "reject" else None)


def test_an_answer_to_one_action_ends_it_and_runs_no_other_with_one_approval(
    session: Session, proposed: Item, ada: UUID
) -> None:
    decision = decided(vote(session, proposed, ada, on("approve", "respond")))
    assert (decision.status, [a["run"] for a in decision.body["actions"]]) == ("answered", [False, False])
    assert check_invariants(session) == []


def test_a_late_approval_is_an_approval(session: Session, item: Item, ada: UUID, bob: UUID) -> None:
    late = run_out(session, take(session, item.workspace_id, ada))
    answer = hand_in(session, late)
    assert isinstance(answer, Handed)
    assert (answer.late, answer.approvals, answer.decision) == (True, 1, None)
    decision = decided(vote(session, item, bob))
    assert ([v.late for v in decision.votes], decision.late) == ([True, False], False)
    assert check_invariants(session) == []


def test_the_first_vote_again_is_answered_with_what_is_known_by_then(
    session: Session, item: Item, ada: UUID, bob: UUID
) -> None:
    claim = take(session, item.workspace_id, ada)
    hand_in(session, claim)
    decision = decided(vote(session, item, bob))
    assert decided(hand_in(session, claim)) == decision


def test_a_released_claim_between_two_approvals_changes_nothing(
    session: Session, item: Item, ada: UUID, bob: UUID
) -> None:
    vote(session, item, ada)
    put_back(session, take(session, item.workspace_id, bob))
    assert decided(vote(session, item, bob)).status == "approved"
