"""More than one rejection may be asked for: then a rejection is a vote, and who disagree to the end ask a lead."""

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.queue.service import ItemTaken
from app.reports.invariants import check_invariants
from app.review.rules.verdict import ActionVerdict, Verdict
from tests.factories.reviewing import REJECT, correct, decided, on_actions
from tests.factories.work import add_item, add_task_type
from tests.services.review.voting import Table


@pytest.fixture
def table(session: Session, workspace: UUID) -> Table:
    """An item that needs two approvals or two rejections."""
    add_task_type(session, workspace, approvals_required=2, rejections_required=2, max_reviewers=3)
    return Table(session, add_item(session, workspace))


def test_the_first_rejection_is_a_vote(session: Session, table: Table) -> None:
    answer = table.vote("ada", REJECT)
    assert answer.decision is None
    assert (answer.approvals, answer.rejections, answer.rejections_required) == (0, 1, 2)
    assert (table.item.state, table.item.voters) == ("waiting", [table.person("ada")])
    assert check_invariants(session) == []


def test_the_second_ends_it(session: Session, table: Table) -> None:
    table.vote("ada", REJECT)
    assert decided(table.vote("bob", REJECT)).status == "rejected"
    assert check_invariants(session) == []


def test_approvals_win_over_one_rejection(session: Session, table: Table) -> None:
    table.vote("ada", REJECT)
    table.vote("bob")
    decision = decided(table.vote("cyd"))
    assert (decision.status, [v.verb for v in decision.votes]) == ("approved", ["reject", "approve", "approve"])
    assert check_invariants(session) == []


def test_an_answer_ends_it_at_once(session: Session, table: Table) -> None:
    table.vote("ada", REJECT)
    assert decided(table.vote("bob", Verdict("respond", message="Ask again."))).status == "answered"
    assert check_invariants(session) == []


def test_an_edit_resets_rejections_too(session: Session, table: Table) -> None:
    table.vote("ada", REJECT)
    table.vote("bob", correct("Basel"))
    assert table.counting() == [("reject", False), ("correct", True)]
    # Hers was for the old text, so she may judge the new one.
    assert decided(table.vote("ada")).status == "corrected"
    assert check_invariants(session) == []


def test_whoever_edits_is_kept_from_the_item_for_good(session: Session, table: Table) -> None:
    table.vote("ada", correct("Basel"))
    table.vote("bob", correct("Zug"))
    assert table.item.bar_reasons == {table.person(n).hex: "editor" for n in ("ada", "bob")}
    for name in ("ada", "bob"):
        with pytest.raises(ItemTaken):
            table.vote(name)
    assert decided(table.vote("cyd")).status == "corrected"
    assert check_invariants(session) == []


def test_who_disagree_to_the_end_leave_it_to_a_lead(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=3, rejections_required=3, max_reviewers=3)
    table = Table(session, add_item(session, workspace))
    table.vote("ada", correct("Basel"))
    table.vote("bob", REJECT)
    assert not table.item.adjudicating
    table.vote("cyd")
    assert (table.item.state, table.item.adjudicating, table.item.for_lead) == ("waiting", True, True)
    assert check_invariants(session) == []
    shown = table.sees("lea")
    assert (shown.received.output, len(shown.answers)) == ({"city": "Basel"}, 3)
    decision = decided(table.vote("lea"))
    assert (decision.status, decision.body["output"]) == ("corrected", {"city": "Basel"})
    assert check_invariants(session) == []


def test_the_lead_alone_lets_actions_run(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=3, rejections_required=3, max_reviewers=3)
    calls = [{"call_id": "r", "name": "refund", "args": {"amount": 80}}, {"call_id": "m", "name": "mail"}]
    table = Table(session, add_item(session, workspace, output=None, actions=calls))
    for name, verdict in (("ada", REJECT), ("bob", REJECT), ("cyd", Verdict("approve"))):
        table.vote(name, verdict)
    one = on_actions(ActionVerdict("r", "approve"), ActionVerdict("m", "reject"))
    assert [a["run"] for a in decided(table.vote("lea", one)).body["actions"]] == [True, False]
    assert check_invariants(session) == []


def test_people_of_one_mind_are_waited_for_beyond_the_maximum(session: Session, workspace: UUID) -> None:
    add_task_type(session, workspace, approvals_required=4, rejections_required=2, max_reviewers=2)
    table = Table(session, add_item(session, workspace))
    for name in ("ada", "bob", "cyd"):
        table.vote(name)
    assert not table.item.adjudicating
    assert decided(table.vote("dan")).status == "approved"
