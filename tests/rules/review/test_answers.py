"""Two answers are the same when programs would be told the same, however they are spelled."""

from dataclasses import replace
from typing import Any

import pytest

from app.kernel.strict_json import decode, encode_canonically
from app.review.rules.answers import Answer, adopt, comparable, label_of
from app.review.rules.verdict import ActionVerdict, Outcome, Verdict, judge
from app.submissions.rules.received import Action, Received, read_received


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a":1,"b":[1,2]}', '{"b":[1.0,2e0],"a":1.0}'),
        ('{"a":-0.0}', '{"a":0}'),
        ('"\\u00e9"', '"é"'),
        ("100", "1e2"),
    ],
)
def test_values_that_are_equal_have_one_text(one: str, other: str) -> None:
    assert encode_canonically(decode(one.encode())) == encode_canonically(decode(other.encode()))


@pytest.mark.parametrize(
    ("one", "other"),
    [("1", "true"), ('"1"', "1"), ("[1,2]", "[2,1]"), ("null", "{}"), ("0.1", "0.10000000000000002"), ('"e"', '"é"')],
)
def test_values_that_differ_have_two(one: str, other: str) -> None:
    assert encode_canonically(decode(one.encode())) != encode_canonically(decode(other.encode()))


def outcome(verb: str = "correct", output: Any = None, actions: list[dict[str, Any]] | None = None) -> Outcome:
    return Outcome("any", verb, output, actions or [])


def action(verb: str, args: Any, message: str | None = None) -> dict[str, Any]:
    run = verb in {"approve", "edit"}
    return {"call_id": "c1", "name": "n", "verb": verb, "run": run, "args": args, "message": message}


def test_a_rejection_is_one_whatever_it_says() -> None:
    assert comparable(outcome("reject", {"a": 1}), "bad") == comparable(outcome("reject", {"a": 1}), "worse")
    assert comparable(outcome("reject", actions=[action("reject", {}, "x")]), None) == comparable(
        outcome("reject", actions=[action("reject", {"a": 2}, "y")]), None
    )


def test_an_answer_is_its_text() -> None:
    assert comparable(outcome("respond"), "yes") != comparable(outcome("respond"), "no")
    assert comparable(outcome("respond", actions=[action("respond", {}, "yes")]), None) != comparable(
        outcome("respond", actions=[action("respond", {}, "no")]), None
    )


def test_an_approval_is_not_a_correction_to_the_same() -> None:
    assert comparable(outcome("approve", {"a": 1}), None) != comparable(outcome("correct", {"a": 1}), None)


def test_arguments_count_where_the_action_runs() -> None:
    assert comparable(outcome(actions=[action("edit", {"n": 1})]), None) == comparable(
        outcome(actions=[action("edit", {"n": 1.0})]), None
    )
    assert comparable(outcome(actions=[action("edit", {"n": 1})]), None) != comparable(
        outcome(actions=[action("edit", {"n": 2})]), None
    )


def test_labels_are_letters() -> None:
    assert [label_of(n) for n in (0, 1, 25, 26)] == ["A", "B", "Z", "A2"]


TEXT: Received = read_received({"task_type": "t", "output": {"city": "Bern"}})
CALLS: Received = replace(
    read_received({"task_type": "t", "output": {"city": "Bern"}}),
    actions=(Action("a", "refund", {"n": 80}), Action("b", "mail", {})),
)
VERDICTS = [
    (TEXT, Verdict("approve")),
    (TEXT, Verdict("correct", {"city": "Zug"}, True)),
    (TEXT, Verdict("reject", message="no", reason_codes=("wrong",))),
    (TEXT, Verdict("respond", message="ask")),
    (CALLS, Verdict("approve")),
    (CALLS, Verdict("reject", message="no")),
    (CALLS, Verdict("respond", message="ask")),
    (CALLS, Verdict("correct", {"city": "Zug"}, True)),
    (CALLS, Verdict(None, actions=(ActionVerdict("a", "edit", {"n": 40}), ActionVerdict("b", "reject", None, "x")))),
    (CALLS, Verdict(None, actions=(ActionVerdict("a", "approve"), ActionVerdict("b", "respond", None, "x")))),
    (CALLS, Verdict(None, {"city": "Zug"}, True, (ActionVerdict("a", "reject"), ActionVerdict("b", "approve")))),
]


@pytest.mark.parametrize(("received", "verdict"), VERDICTS)
def test_an_adopted_answer_comes_to_the_same(received: Received, verdict: Verdict) -> None:
    came_to = judge(received, verdict, output_schema="{}", reason_codes=["wrong"])
    answer = Answer("A", came_to.verb, came_to.output, came_to.actions, list(verdict.reason_codes), verdict.message)
    adopted = adopt(answer, received)
    again = judge(received, adopted, output_schema="{}", reason_codes=["wrong"])
    assert comparable(again, adopted.message) == comparable(came_to, verdict.message)
    assert again.status == came_to.status
