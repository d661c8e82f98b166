"""What authors may write: CEL over declared variables, checked when saved, answered with true, false or a problem."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.routing.rules.expressions import (
    MAX_EXPRESSION_LENGTH,
    VARIABLES,
    ExpressionRefused,
    Problem,
    Subject,
    compile_expression,
    evaluate,
)
from app.routing.rules.facts import read_facts

SUBMISSION: dict[str, Any] = {
    "external_id": "a-1",
    "output": {
        "city": "Köln",
        "total": 12,
        "rate": 1.5,
        "paid": True,
        "note": None,
        "lines": [{"sku": "A", "qty": 1}, {"sku": "B", "qty": 20}],
        "tags": ["new", "eu"],
        "day": "2026-03-02T09:00:00Z",
    },
    "confidence": 0.71,
    "field_confidence": {"/city": 0.71, "/total": None},
    "actions": [{"name": "refund", "args": {"amount": 150, "iban": "DE02"}, "risk": {"level": "low"}}],
    "model": {"provider": "acme", "name": "m1"},
    "prompt": {"version": "14"},
    "metadata": {"vip": True},
    "usage": {"input_tokens": 5_000, "output_tokens": 320},
    "requested_by": {"agent": "bot"},
}


def answer(when: str, submission: Mapping[str, Any] = SUBMISSION) -> bool | Problem:
    """What a rule says about a submission."""
    [said] = evaluate([compile_expression(when)], Subject(read_facts(submission, task_type="address_fields")))
    return said


@pytest.mark.parametrize(
    "when",
    [
        "output.city == 'Köln'",
        "output.city.startsWith('K') && output.city.endsWith('n') && output.city.contains('öl')",
        "output.city.matches('^K[a-zö]+$')",
        "size(output.city) == 4",
        "output.total > 11.5",
        "output.total == 12.0",
        "double(output.total) > 11.5",
        "output.total + 1 == 13",
        "usage.input_tokens + usage.output_tokens > 5000",
        "output.city + '!' == 'Köln!'",
        "output.rate * 2.0 == 3.0",
        "output.paid",
        "output.note == null",
        "!has(output.absent)",
        "has(output.city)",
        "'city' in output",
        "'new' in output.tags",
        "output.city in ['Bonn', 'Köln']",
        "output.tags == ['new', 'eu']",
        "output.lines.exists(l, l.qty > 10)",
        "output.lines.all(l, size(l.sku) == 1)",
        "output.lines.exists_one(l, l.sku == 'A')",
        "output.lines.filter(l, l.qty > 10).size() == 1",
        "output.lines.all(l, output.tags.all(t, t != l.sku))",
        "output.all(k, k != 'street')",
        "type(output.total) == int && type(output.rate) == double",
        "timestamp(output.day).getFullYear() == 2026",
        "timestamp(output.day) - timestamp('2026-03-01T09:00:00Z') == duration('24h')",
        "confidence < 0.9",
        "field_confidence['/city'] < 0.9",
        "field_confidence['/total'] == null",
        "field_confidence.exists(k, field_confidence[k] != null && field_confidence[k] < 0.8)",
        "actions.exists(a, a.name == 'refund' && double(a.args.amount) > 100.0)",
        "actions.all(a, a.args.iban.matches('^DE[0-9]{2}$'))",
        "actions[0].call_id == 'c1' && actions[0].risk.level == 'low'",
        "model.provider == 'acme' && prompt.version == '14' && metadata.vip == true && requested_by.agent == 'bot'",
        "external_id == 'a-1' && task_type == 'address_fields'",
        "output.absent == 1 || true",
        "has(output.absent) ? output.absent == 1 : true",
        "{'a': output.total}.a == 12",
    ],
)
def test_a_rule_can_ask_that(when: str) -> None:
    assert answer(when) is True


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("output.absent == 1", "absent"),
        ("output.city > 1", "No matching overloads"),
        ("output.city", "gave STRING"),
        ("output.total", "gave INT"),
        ("output.note", "gave NULL"),
        ("output.lines", "gave LIST"),
        ("output", "gave MAP"),
        ("double(output.city) > 1.0", "cannot convert"),
        ("output.tags[9] == 'x'", "Index"),
        ("field_confidence['/total'] < 0.9", "No matching overloads"),
        ("output.total / 0 == 1", "divide by zero"),
        ("output.total + 9223372036854775807 > 0", "overflow"),
        ("output.paid && output.absent", "absent"),
    ],
)
def test_an_answer_that_is_not_yes_or_no_is_a_problem(when: str, why: str) -> None:
    said = answer(when)
    assert isinstance(said, Problem)
    assert why in said.detail


@pytest.mark.parametrize("variable", sorted(VARIABLES))
def test_every_declared_variable_can_be_read_even_when_nothing_was_sent(variable: str) -> None:
    said = answer(f"dyn({variable}) == null || size(dyn({variable})) >= 0", {"actions": [{"name": "x"}]})
    assert said is True


def test_an_absent_output_is_null() -> None:
    submission = {"actions": [{"name": "x"}]}
    assert answer("output == null", submission) is True
    assert isinstance(answer("output.total > 1", submission), Problem)
    assert answer("output != null && output.total > 1", submission) is False


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("", "Syntax error"),
        ("output.city ==", "Syntax error"),
        ("true; false", "Syntax error"),
        ("nope == 1", "undeclared reference to 'nope'"),
        ("output.city == 'a' && nope", "undeclared reference to 'nope'"),
        ("now() > timestamp('2026-01-01T00:00:00Z')", "undeclared reference to 'now'"),
        ("task_type + 1 == 'x'", "no matching overload"),
        ("task_type == 5", "no matching overload"),
        ("1 + 1", "must give true or false, but gives INT"),
        ("'yes'", "must give true or false, but gives STRING"),
        ("null", "must give true or false, but gives NULL"),
        ("actions", "must give true or false, but gives LIST"),
        ("true ? 'a' : 1", "no matching overload"),
        ("output.lines.map(l, l.qty) == []", "undeclared reference to 'map'"),
        ("output.city.matches('(')", "no regular expression"),
        ("output.city.matches('(?=a)')", "no regular expression"),
        ("output.city.matches(output.pattern)", "must be written out"),
        ("output.city.matches('(.{1,30}){40}')", "too large"),
        (r"output.city.matches('\\pL{1,100}')", "too large"),
        ("output.city.matches('a{1001}')", "too large"),
        ("bytes(output.city) == b''", "bytes is not available"),
        ("timestamp(output.day).getHours('Europe/Berlin') == 1", "no time zone"),
        ("google.protobuf.BoolValue{value: true} == true", "named type"),
        ("[output.city].all(c, c == 'x')", "go over a field"),
        ("(output.tags + output.tags).all(c, c == 'x')", "go over a field"),
        ("[[1], [2]].all(c, c == [1])", "go over a field"),
        ("(" * 40 + "true" + ")" * 40, "recursion"),
        ("output" + ".a" * 40 + " == 1", "recursion"),
        ("true" + " " * MAX_EXPRESSION_LENGTH, "more than 4,000 characters"),
        ("'\0' == '", ""),
        ("\ud800", ""),
    ],
)
def test_what_is_no_rule_is_refused_when_saved(when: str, why: str) -> None:
    with pytest.raises(ExpressionRefused) as refused:
        compile_expression(when)
    assert why in str(refused.value)
    assert 0 < len(str(refused.value)) <= 500


def test_a_compiler_message_names_the_place() -> None:
    with pytest.raises(ExpressionRefused, match=r"^at line 2, column 4: undeclared reference to 'nope'"):
        compile_expression("true &&\n   nope")


def test_a_compiled_rule_gives_every_thread_its_own_answer() -> None:
    rules = [compile_expression(f"output.n > {limit} && output.list.exists(x, x == {limit})") for limit in range(20)]

    def wrong_answers(n: int) -> int:
        facts = read_facts({"output": {"n": n, "list": list(range(20))}}, task_type="t")
        wrong = 0
        for _ in range(50):
            answers = evaluate(rules, Subject(facts))
            wrong += answers != [n > limit for limit in range(20)]
        return wrong

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(wrong_answers, range(16))) == 0


def test_text_that_no_evaluator_can_read_is_a_problem_not_a_crash() -> None:
    assert isinstance(answer("output == 'x'", {"output": "\ud800"}), Problem)
    assert isinstance(answer("output == 1", {"output": 2**70}), Problem)
