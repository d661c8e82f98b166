"""What is shipped is taken by the product as it is: its bodies, its policies, and the decisions on its verdicts."""

import json
from typing import Any

import pytest

from app.api.v1.shapes.admin import RateCardIn, TaskTypeIn
from app.api.v1.shapes.claims import DecisionIn
from app.api.v1.shapes.submissions import SubmissionIn
from app.review.rules.verdict import ActionVerdict, Verdict, judge
from app.routing.rules.document import read_policy
from app.routing.rules.facts import read_facts
from app.routing.rules.policy import compile_policy, run_policy_tests
from app.routing.rules.route import decide_route
from app.submissions.rules.received import read_received
from demo.decisions import decision_body
from demo.fill import RATES, RATES_SINCE
from demo.sets import TASK_TYPES, rows_of, setup_of
from tests.rules.demo.test_policies import expected_route

CLAIMED = {"claim": {"id": "clm", "token": 1}, "item": {"content_sha256": "0" * 64}}
STATUS = {"approve": "approved", "correct": "corrected", "reject": "rejected"}


def verdict_of(body: dict[str, Any]) -> Verdict:
    """A decision's body as the service reads it."""
    read = DecisionIn.model_validate(body)
    votes = tuple(ActionVerdict(vote.call_id, vote.verb, vote.args, vote.message) for vote in read.actions)
    return Verdict(read.verb, read.output, "output" in body, votes, reason_codes=tuple(read.reason_codes))


@pytest.mark.parametrize("name", TASK_TYPES)
def test_task_types_and_submissions_have_the_shapes_of_the_door(name: str) -> None:
    TaskTypeIn.model_validate(setup_of(name).task_type)
    for row in rows_of(name):
        SubmissionIn.model_validate(row.submission)


def test_rates_have_the_shape_of_the_door() -> None:
    for rate in RATES:
        RateCardIn.model_validate({"person": "p_1", **rate, "valid_from": RATES_SINCE})


@pytest.mark.parametrize("name", TASK_TYPES)
def test_policies_compile_and_pass_their_own_tests(name: str) -> None:
    assert run_policy_tests(compile_policy(read_policy(setup_of(name).policy))) == ()


@pytest.mark.parametrize("name", TASK_TYPES)
def test_each_row_is_routed_as_the_few_lines_of_the_other_test_say(name: str) -> None:
    policy = setup_of(name).policy
    compiled = compile_policy(read_policy(policy))
    for row in rows_of(name):
        route = decide_route(compiled, read_facts(row.submission, task_type=name), audit_draw=1.0)
        assert route.outcome == expected_route(policy, row.submission), row.submission["external_id"]
        assert not [fired for fired in route.fired if fired.kind == "rule_error"]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_each_verdict_is_a_decision_that_comes_out_as_meant(name: str) -> None:
    task_type = setup_of(name).task_type
    for row in rows_of(name):
        outcome = judge(
            read_received(row.submission),
            verdict_of(decision_body(CLAIMED, row.verdict)),
            output_schema=json.dumps(task_type["output_schema"]),
            reason_codes=task_type["reason_codes"],
        )
        assert outcome.status == STATUS[row.verdict["verb"]]
