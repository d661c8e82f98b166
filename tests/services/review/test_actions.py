"""Actions: a verdict for each, complete arguments for all, and one outcome for the whole."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.queue.models import Claim
from app.review.rules.verdict import ActionVerdict, Verdict, VerdictRefused
from tests.factories.reviewing import APPROVE, REJECT, correct, decided, hand_in, on_actions
from tests.services.review.conftest import Hold

REFUND: dict[str, Any] = {
    "call_id": "r",
    "name": "refund",
    "args": {"amount": 80},
    "args_schema": {"type": "object", "properties": {"amount": {"type": "number", "maximum": 100}}},
}
MAIL: dict[str, Any] = {"call_id": "m", "name": "mail", "args": {"to": "a@example.org"}}
APPROVED = {"r": "approve", "m": "approve"}
EDIT = {"r": {"amount": 50}}


@pytest.fixture
def proposed(hold: Hold) -> Claim:
    """Two actions and no output, held by Ada."""
    return hold(output=None, actions=[REFUND, MAIL])


def each(**verbs: str) -> Verdict:
    """Return a verdict with this verb for each call; an edit halves the refund, an answer says why."""
    return on_actions(
        *(
            ActionVerdict(call, verb, EDIT.get(call) if verb == "edit" else None, "why" if verb == "respond" else None)
            for call, verb in verbs.items()
        )
    )


@pytest.mark.parametrize(
    ("refund", "mail", "status"),
    [
        ("approve", "approve", "approved"),
        ("approve", "reject", "approved"),
        ("reject", "reject", "rejected"),
        ("edit", "approve", "corrected"),
        ("edit", "reject", "corrected"),
        ("edit", "respond", "corrected"),
        ("respond", "approve", "answered"),
        ("respond", "reject", "answered"),
        ("respond", "respond", "answered"),
    ],
)
def test_the_verbs_of_all_come_to_one_status(
    session: Session, proposed: Claim, refund: str, mail: str, status: str
) -> None:
    decision = decided(hand_in(session, proposed, each(r=refund, m=mail)))
    assert decision.status == status
    actions = {a["call_id"]: a for a in decision.body["actions"]}
    for call, verb in (("r", refund), ("m", mail)):
        assert (actions[call]["verb"], actions[call]["run"]) == (verb, verb in {"approve", "edit"})
    assert actions["r"]["args"] == ({"amount": 50} if refund == "edit" else {"amount": 80})
    assert actions["m"]["args"] == {"to": "a@example.org"}


@pytest.mark.parametrize(("verdict", "runs"), [(APPROVE, True), (REJECT, False)])
def test_one_verb_speaks_for_every_action(session: Session, proposed: Claim, verdict: Verdict, *, runs: bool) -> None:
    actions = decided(hand_in(session, proposed, verdict)).body["actions"]
    assert [(a["call_id"], a["run"]) for a in actions] == [("r", runs), ("m", runs)]


@pytest.mark.parametrize(
    ("verdict", "pointer"),
    [
        (each(r="approve"), "/actions"),
        (each(r="approve", m="approve", x="approve"), "/actions/2/call_id"),
        (on_actions(ActionVerdict("r", "edit"), ActionVerdict("m", "approve")), "/actions/0/args"),
        (on_actions(ActionVerdict("r", "approve", {"amount": 1}), ActionVerdict("m", "approve")), "/actions/0/args"),
        (
            on_actions(ActionVerdict("r", "edit", {"amount": 101}), ActionVerdict("m", "approve")),
            "/actions/0/args/amount",
        ),
        (on_actions(ActionVerdict("r", "respond"), ActionVerdict("m", "approve")), "/actions/0/message"),
        (correct(), "/verb"),
        (Verdict("approve", actions=(ActionVerdict("r", "approve"),)), "/verb"),
    ],
)
def test_what_does_not_fit_the_actions_is_refused(
    session: Session, proposed: Claim, verdict: Verdict, pointer: str
) -> None:
    with pytest.raises(VerdictRefused) as refused:
        hand_in(session, proposed, verdict)
    assert [f.pointer for f in refused.value.faults] == [pointer]


def test_a_verb_that_an_action_does_not_allow_is_refused(session: Session, hold: Hold) -> None:
    claim = hold(output=None, actions=[{**REFUND, "allowed": ["approve", "reject"]}, MAIL])
    with pytest.raises(VerdictRefused) as refused:
        hand_in(session, claim, each(r="edit", m="approve"))
    assert refused.value.faults[0].pointer == "/actions/0/verb"


def test_an_output_beside_actions_can_be_changed_with_them(session: Session, hold: Hold) -> None:
    claim = hold(actions=[REFUND, MAIL])
    verdict = Verdict(None, output={"city": "Basel"}, has_output=True, actions=each(r="approve", m="reject").actions)
    decision = decided(hand_in(session, claim, verdict))
    assert (decision.status, decision.body["output"]) == ("corrected", {"city": "Basel"})
    assert [a["run"] for a in decision.body["actions"]] == [True, False]


def test_actions_without_a_call_id_are_named_by_position(session: Session, hold: Hold) -> None:
    claim = hold(output=None, actions=[{"name": "mail"}, {"name": "mail"}])
    actions = decided(hand_in(session, claim, each(c1="approve", c2="reject"))).body["actions"]
    assert [(a["call_id"], a["run"], a["args"]) for a in actions] == [("c1", True, {}), ("c2", False, {})]
