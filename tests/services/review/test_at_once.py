"""The common verdict in few statements leaves exactly what deciding leaves step by step."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from app.audit.rules import COMMAND, Actor
from app.identity.service import create_workspace
from app.kernel.clock import read_now
from app.kernel.jobs import take_jobs
from app.queue.models import Item
from app.review.rules.verdict import ActionVerdict, Verdict
from app.review.service.at_once import Asked, decide_at_once
from app.review.service.deciding import Handed, decide, decide_step_by_step
from app.review.service.drafts import save_draft
from app.submissions.models import Submission
from tests.conftest import NOW
from tests.factories.counting import QueryCounter
from tests.factories.people import add_person, add_rate
from tests.factories.reviewing import APPROVE, REJECT, begin_earlier, correct, decided, heard, on_actions, take
from tests.factories.twins import everything, stop_the_clock
from tests.factories.work import add_endpoint, add_item, add_task_type
from tests.services.review.conftest import Hold

REFUND = {"name": "refund", "args": {"amount": 3}, "call_id": "a"}
MAIL = {"name": "mail", "args": {"to": "x"}, "call_id": "b"}
Way = Callable[[Session, Asked], Any]


def at_once(session: Session, asked: Asked) -> Any:
    return decide_at_once(session, asked=asked)


def step_by_step(session: Session, asked: Asked) -> Any:
    handed = decide_step_by_step(session, asked=asked)
    assert isinstance(handed, Handed)
    return handed.decision


def asked_for(session: Session, claim: Any, verdict: Verdict, *, at_desk: bool = False) -> Asked:
    submission = session.get_one(Submission, session.get_one(Item, claim.item_id).submission_id)
    who = Actor("person", claim.person_id)
    return Asked(
        who, claim.workspace_id, claim.person_id, claim.id, claim.token, submission.content_sha256, verdict, at_desk
    )


def one_review(session: Session, name: str, way: Way, verdict: Verdict, case: dict[str, Any]) -> tuple[Any, ...]:
    """Review one item in a workspace of its own, and return the decision, all rows and all jobs."""
    workspace = create_workspace(session, now=read_now(session), name=name, actor=COMMAND).id
    add_task_type(session, workspace)
    ada = add_person(session, workspace, name.lower())
    if case.get("rate"):
        add_rate(session, workspace)
        add_rate(session, workspace, "40", person_id=ada)
    body = {"actions": [REFUND, MAIL]} if case.get("actions") else {}
    endpoint = add_endpoint(session, workspace) if case.get("endpoint") else None
    item = add_item(session, workspace, endpoint=endpoint, **body)
    claim = begin_earlier(session, take(session, workspace, ada, item_id=item.id), 400)
    for seq in range(case.get("beats", 0)):
        heard(session, claim, 30 * seq + 10, seq=seq, state="blurred" if seq % 3 == 2 else "active")
    if case.get("draft"):
        save_draft(
            session,
            now=claim.claimed_at,
            workspace_id=workspace,
            person_id=ada,
            claim_id=claim.id,
            body={"output": {"city": "B"}},
        )
    take_jobs(session)
    decision = way(session, asked_for(session, claim, verdict, at_desk=case.get("at_desk", False)))
    assert decision.decided_at == NOW
    names = {workspace: "workspace", ada: "ada", item.id: "item", item.submission_id: "submission", claim.id: "claim"}
    rows = everything(session, workspace, since=claim.claimed_at, names=names)
    facts = replace(
        decision,
        id=workspace,
        content_sha256=b"",
        decided_at=claim.claimed_at,
        final_at=claim.claimed_at,
        # Each grant names its own decision and workspace; for what, and that it is there, has to be the same.
        body=decision.body | {"grants": sorted(decision.body["grants"])},
        votes=[(v.verb, round(v.active_ms / 1_000), v.late, v.channel, v.adjudicates) for v in decision.votes],
    )
    return repr(facts).replace(repr(workspace), "").replace(repr(claim.claimed_at), ""), rows, take_jobs(session)


@pytest.mark.parametrize(
    ("verdict", "case"),
    [
        (APPROVE, {}),
        (APPROVE, {"beats": 9, "rate": True, "endpoint": True, "at_desk": True}),
        (correct("Basel", note="sure"), {"beats": 1, "draft": True}),
        (replace(REJECT, message="no", reason_codes=("wrong_city",)), {"rate": True}),
        (Verdict("respond", message="Ask again."), {"endpoint": True}),
        (
            on_actions(ActionVerdict("a", "edit", {"amount": 2}), ActionVerdict("b", "reject", message="no")),
            {"actions": True, "endpoint": True, "beats": 2},
        ),
    ],
    ids=["plain", "desk", "correction", "rejection", "answer", "actions"],
)
def test_both_ways_leave_the_same(session: Session, verdict: Verdict, case: dict[str, Any]) -> None:
    stop_the_clock(session, NOW)
    quick, slow = (one_review(session, n, way, verdict, case) for n, way in (("A", at_once), ("B", step_by_step)))
    for table in quick[1].keys() | slow[1].keys():
        # The name of a workspace, and of who reviews in it, is all that tells them apart.
        assert quick[1].get(table) == [row.replace("'B'", "'A'") for row in slow[1].get(table, [])], table
    assert quick[0] == slow[0]
    assert quick[2] == slow[2]


def test_a_decision_at_once_takes_three_statements(session: Session, hold: Hold) -> None:
    asked = asked_for(session, hold(), APPROVE)
    with QueryCounter(session) as queries:
        assert decide_at_once(session, asked=asked) is not None
    assert queries.count == 3, queries.statements


@pytest.mark.parametrize(
    "change",
    [
        {"approvals_required": 2},
        {"rejections_required": 2},
        {"review_mode": "blind"},
        {"adjudicating": True},
        {"token": 7},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_is_not_common_is_left_to_the_steps(session: Session, hold: Hold, change: dict[str, Any]) -> None:
    claim = hold()
    asked = asked_for(session, claim, APPROVE)
    item = session.get_one(Item, claim.item_id)
    for name, value in change.items():
        setattr(item, name, value)
    session.flush()
    assert decide_at_once(session, asked=asked) is None
    assert (item.state, item.version, item.voters) == ("claimed", 1, [])


def test_the_same_verdict_again_is_answered_the_same(session: Session, workspace: UUID, hold: Hold) -> None:
    asked = asked_for(session, hold(), APPROVE)
    parts = {name: getattr(asked, name) for name in Asked.__dataclass_fields__}
    first, again = decide(session, **parts), decide(session, **parts)
    assert decided(first) == decided(again)
