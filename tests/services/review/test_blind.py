"""Two who judge independently: neither sees the other, they have to say the same, and a lead settles what is left."""

from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import Event
from app.queue.service import ItemTaken
from app.reports.invariants import check_invariants
from app.review.models import Vote
from app.review.queries import find_decision, open_claim
from app.review.rules.document import decision_document
from app.review.rules.verdict import ActionVerdict, Verdict
from app.submissions.queries import data_key
from tests.factories.reviewing import APPROVE, REJECT, correct, decided, hand_in, on_actions, run_out, take
from tests.factories.work import add_item, add_task_type
from tests.services.review.voting import Table


@pytest.fixture
def table(session: Session, workspace: UUID) -> Table:
    """An item that was drawn for two people."""
    add_task_type(session, workspace, double_review_rate=Decimal(1))
    return Table(session, add_item(session, workspace))


@pytest.fixture
def proposed(session: Session, workspace: UUID) -> Table:
    """Two actions that were drawn for two people."""
    add_task_type(session, workspace, double_review_rate=Decimal(1))
    actions = [{"call_id": "r", "name": "refund", "args": {"amount": 80}}, {"call_id": "m", "name": "mail"}]
    return Table(session, add_item(session, workspace, output=None, actions=actions))


def test_two_of_one_mind_decide(session: Session, table: Table) -> None:
    table.vote("ada", correct("Basel"))
    assert (table.item.state, table.decision()) == ("waiting", None)
    table.vote("bob", correct("Basel"))
    decision = table.decision()
    assert decision is not None
    assert (decision.status, table.item.state, table.item.adjudicating) == ("corrected", "decided", False)
    assert check_invariants(session) == []


def test_one_alone_neither_rejects_nor_answers(session: Session, table: Table) -> None:
    table.vote("ada", REJECT)
    assert table.item.state == "waiting"
    assert check_invariants(session) == []
    table.vote("bob", REJECT)
    decision = table.decision()
    assert decision is not None
    assert decision.status == "rejected"


def test_everybody_judges_what_the_model_wrote(session: Session, table: Table) -> None:
    table.vote("ada", correct("Basel"))
    shown = table.sees("bob")
    assert (shown.received.output, shown.corrected_before, shown.draft, shown.answers) == (
        {"city": "Bern"},
        False,
        None,
        (),
    )
    hand_in(session, shown.claim)
    assert table.counting() == [("correct", True), ("approve", True)]
    assert check_invariants(session) == []


def test_the_answer_to_a_vote_tells_nothing_of_the_others(session: Session, table: Table) -> None:
    first, second = table.vote("ada"), table.vote("bob")
    assert table.item.state == "decided"
    assert first == second
    assert (second.decision, second.approvals, second.approvals_required, second.blind) == (None, 0, 0, True)


def test_a_repeated_vote_is_answered_the_same(session: Session, table: Table) -> None:
    claim = take(session, table.item.workspace_id, table.person("ada"), item_id=table.item.id)
    first = hand_in(session, claim)
    table.vote("bob")
    assert hand_in(session, claim) == first
    assert len(session.scalars(select(Vote)).all()) == 2


def test_nobody_votes_twice(table: Table) -> None:
    table.vote("ada", correct("Basel"))
    with pytest.raises(ItemTaken):
        table.vote("ada")


def test_a_third_breaks_the_tie(session: Session, table: Table) -> None:
    table.vote("ada", correct("Basel"))
    table.vote("bob")
    assert (table.item.state, table.item.adjudicating, table.item.for_lead) == ("waiting", False, False)
    table.vote("cyd")
    decision = table.decision()
    assert decision is not None
    assert (decision.status, decision.decided_by) == ("approved", table.person("cyd"))
    # The one who differed is on record beside the two.
    assert table.counting() == [("correct", True), ("approve", True), ("approve", True)]
    assert check_invariants(session) == []


def test_the_agreed_arguments_are_what_runs(session: Session, proposed: Table) -> None:
    half = on_actions(ActionVerdict("r", "edit", {"amount": 40}), ActionVerdict("m", "approve"))
    proposed.vote("ada", REJECT)
    proposed.vote("bob", half)
    proposed.vote("cyd", half)
    facts = find_decision(
        session,
        submission_id=proposed.item.submission_id,
        key=data_key(session, submission_id=proposed.item.submission_id),
    )
    assert facts is not None
    assert [(a["run"], a["args"]) for a in facts.body["actions"]] == [(True, {"amount": 40}), (True, {})]
    assert check_invariants(session) == []


def disagree(table: Table) -> None:
    table.vote("ada", correct("Basel", note="she will like it"))
    table.vote("bob", Verdict("reject", message="No such place.", reason_codes=("wrong_city",)))
    table.vote("cyd")


def test_three_who_disagree_leave_it_to_a_lead(session: Session, table: Table) -> None:
    disagree(table)
    assert (table.item.state, table.item.adjudicating, table.item.for_lead) == ("waiting", True, True)
    with pytest.raises(ItemTaken):
        table.vote("dan")
    assert check_invariants(session) == []
    said = session.scalars(select(Event.details).where(Event.type == "item.vote").order_by(Event.number)).all()
    assert [one.get("adjudication") for one in said] == [None, None, "asked for"]


def test_the_lead_sees_the_answers_without_names_and_in_an_order_that_stays(session: Session, table: Table) -> None:
    disagree(table)
    answers = table.sees("lea").answers
    assert [a.label for a in answers] == ["A", "B", "C"]
    said = {(a.verb, a.output["city"], a.message, tuple(a.reason_codes)) for a in answers}
    assert said == {
        ("correct", "Basel", None, ()),
        ("reject", "Bern", "No such place.", ("wrong_city",)),
        ("approve", "Bern", None, ()),
    }
    assert "she will like it" not in repr(answers)
    assert table.sees("lea").answers == answers


def test_the_order_of_the_answers_is_not_that_of_the_votes(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal(1))
    orders = set()
    people: dict[str, UUID] = {}
    for _ in range(12):
        table = Table(session, add_item(session, workspace), people)
        disagree(table)
        shown = table.sees("lea")
        orders.add(tuple(a.verb for a in shown.answers))
        hand_in(session, shown.claim)
    # That 12 draws of 6 orders are one happens once in 360 million runs.
    assert len(orders) > 1


def test_the_verdict_of_the_lead_decides_and_says_what_it_took_up(session: Session, table: Table) -> None:
    disagree(table)
    shown = table.sees("lea")
    (basel,) = [a.label for a in shown.answers if a.verb == "correct"]
    decision = decided(hand_in(session, shown.claim, correct("Basel")))
    assert (decision.status, decision.body["output"]) == ("corrected", {"city": "Basel"})
    document = decision_document(decision)
    assert document["adjudication"] == {"answers": 3, "adopted": basel}
    assert [v["adjudicates"] for v in document["votes"]] == [False, False, False, True]
    assert check_invariants(session) == []


def test_the_lead_may_say_something_else(session: Session, table: Table) -> None:
    disagree(table)
    decision = decided(table.vote("lea", correct("Zug")))
    assert (decision.body["output"], decision.body["adjudication"]) == (
        {"city": "Zug"},
        {"answers": 3, "adopted": None},
    )
    assert check_invariants(session) == []


def test_a_lead_who_has_voted_does_not_settle_it(session: Session, workspace: UUID, table: Table) -> None:
    table.vote("ada", correct("Basel"))
    table.vote("lea", REJECT)
    table.vote("cyd")
    with pytest.raises(ItemTaken):
        table.vote("lea")


def test_whoever_has_voted_is_never_shown_the_answers(session: Session, table: Table) -> None:
    claim = take(session, table.item.workspace_id, table.person("ada"), item_id=table.item.id)
    hand_in(session, claim, correct("Basel"))
    table.vote("bob", REJECT)
    table.vote("cyd")
    assert open_claim(session, claim=claim).answers == ()


def test_a_late_vote_counts_like_any_other(session: Session, table: Table) -> None:
    late = run_out(session, take(session, table.item.workspace_id, table.person("ada"), item_id=table.item.id))
    answer = hand_in(session, late)
    assert (answer.late, table.item.state) == (True, "waiting")  # type: ignore[union-attr]  # not overtaken
    table.vote("bob")
    assert table.item.state == "decided"
    assert check_invariants(session) == []


def test_a_late_verdict_of_the_lead_settles_it(session: Session, table: Table) -> None:
    disagree(table)
    late = run_out(session, take(session, table.item.workspace_id, table.person("lea"), item_id=table.item.id))
    assert decided(hand_in(session, late, APPROVE)).late


@pytest.mark.parametrize("most", [2, 4])
def test_as_many_are_asked_as_the_task_type_says(session: Session, workspace: UUID, most: int) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal(1), max_reviewers=most)
    table = Table(session, add_item(session, workspace))
    for n in range(most):
        assert not table.item.adjudicating
        table.vote(f"p{n}", correct(f"City {n}"))
    assert table.item.adjudicating
    assert check_invariants(session) == []


def test_three_have_to_agree_where_three_approvals_are_asked_for(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, double_review_rate=Decimal(1), approvals_required=3)
    table = Table(session, add_item(session, workspace))
    for name in ("ada", "bob"):
        table.vote(name)
    assert table.item.state == "waiting"
    table.vote("cyd")
    assert table.item.state == "decided"
    assert check_invariants(session) == []
