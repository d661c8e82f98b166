"""The rows that are shipped: whole, licensed, and with verdicts that a reviewer can really give."""

import json
from collections import Counter
from functools import cache
from itertools import islice
from typing import Any

import jsonschema_rs
import pytest

from demo.sets import DATA, TASK_TYPES, args_schemas, mixed_rows, queues, rows_of, setup_of, verdict_on

FREE = {"MIT", "CC0-1.0", "Apache-2.0", "BSD-3-Clause"}
ROWS = [row for name in TASK_TYPES for row in rows_of(name)]


def faults(schema: Any, value: Any) -> list[str]:
    """What a validator says, the schema read as the service reads it."""
    return [error.message for error in _validator(json.dumps(schema)).iter_errors(value)]


@cache
def _validator(schema: str) -> jsonschema_rs.Validator:
    options = jsonschema_rs.RegexOptions()
    return jsonschema_rs.validator_for(json.loads(schema), pattern_options=options, validate_formats=True)


def test_each_row_names_a_free_licence_that_its_set_has_in_the_list_of_licences() -> None:
    listed = {
        cells[1].strip(): cells[4]
        for line in (DATA / "LICENCES.md").read_text(encoding="utf-8").splitlines()
        if len(cells := line.split("|")) > 5
    }
    for row in ROWS:
        assert row.licence in FREE
        assert listed[row.set_name].strip().startswith(row.licence)
        assert row.submission["metadata"]["set"] == row.set_name


def test_the_list_of_licences_counts_the_rows_of_each_set() -> None:
    text = (DATA / "LICENCES.md").read_text(encoding="utf-8")
    for (task_type, name), number in Counter((row.submission["task_type"], row.set_name) for row in ROWS).items():
        assert f"| {name} | {task_type}.jsonl, {number} |" in text


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_task_type_has_enough_rows_of_its_own(name: str) -> None:
    assert 150 <= len(rows_of(name)) <= 250
    assert {row.submission["task_type"] for row in rows_of(name)} == {name}


def test_the_data_is_small() -> None:
    assert sum(path.stat().st_size for path in DATA.iterdir()) < 1_500_000


def test_external_ids_are_unique_and_leave_room_for_the_mark_of_a_copy() -> None:
    ids = [row.submission["external_id"] for row in ROWS]
    assert len(ids) == len(set(ids))
    assert not [i for i in ids if "~" in i or len(i) > 150]


@pytest.mark.parametrize("name", TASK_TYPES)
def test_outputs_and_corrections_match_the_task_types_schema(name: str) -> None:
    schema = setup_of(name).task_type["output_schema"]
    for row in rows_of(name):
        if "output" in row.submission:
            assert faults(schema, row.submission["output"]) == []
        if "output" in row.verdict:
            assert faults(schema, row.verdict["output"]) == []
            assert row.verdict["output"] != row.submission["output"]


def test_proposed_and_edited_arguments_match_the_schema_of_their_action() -> None:
    for row in rows_of("agent_actions"):
        votes = {vote["call_id"]: vote for vote in row.verdict["actions"]}
        assert list(votes) == [action["call_id"] for action in row.submission["actions"]]
        for action in row.submission["actions"]:
            assert action["args_schema"] == args_schemas()[action["name"]]
            assert faults(action["args_schema"], action["args"]) == []
            if votes[action["call_id"]]["verb"] == "edit":
                assert faults(action["args_schema"], votes[action["call_id"]]["args"]) == []
                assert votes[action["call_id"]]["args"] != action["args"]


def test_every_schema_of_arguments_is_used() -> None:
    used = {action["name"] for row in rows_of("agent_actions") for action in row.submission["actions"]}
    assert used == set(args_schemas())


@pytest.mark.parametrize("name", TASK_TYPES)
def test_a_verdict_says_all_that_its_verb_needs(name: str) -> None:
    known = set(setup_of(name).task_type["reason_codes"])
    for verdict in (row.verdict for row in rows_of(name)):
        assert verdict["verb"] in ("approve", "correct", "reject")
        assert set(verdict.get("reason_codes", ())) <= known
        assert bool(verdict.get("reason_codes")) == (verdict["verb"] != "approve")
        if "actions" in verdict:
            rejected = [vote for vote in verdict["actions"] if vote["verb"] == "reject"]
            assert all("Do not repeat" in vote["message"] for vote in rejected)
        else:
            assert ("output" in verdict) == (verdict["verb"] == "correct")


def test_the_dirt_of_real_data_is_there() -> None:
    confidences = [row.submission["confidence"] for row in ROWS]
    assert None in confidences
    assert 0.0 in confidences
    assert all(value is None or 0 <= value <= 1 for value in confidences)
    addresses = [row.submission for row in rows_of("address_fields")]
    assert any("city" not in a["output"] and "/city" not in a["field_confidence"] for a in addresses)
    assert {"clean", "nocomma", "scan", "scan_hard"} == {a["metadata"]["condition"] for a in addresses}
    assert any("no_answer" in row.verdict.get("reason_codes", ()) for row in rows_of("short_answers"))
    assert any("&" in str(row.submission["output"]) for row in ROWS if "output" in row.submission)


def test_each_kind_of_verdict_occurs_for_actions() -> None:
    assert {row.verdict["verb"] for row in rows_of("agent_actions")} == {"approve", "correct", "reject"}


def test_any_first_part_of_the_rows_is_a_fair_mix() -> None:
    first = Counter(row.submission["task_type"] for row in islice(mixed_rows(), 40))
    assert first == dict.fromkeys(TASK_TYPES, 10)


def test_a_copy_has_an_id_of_its_own_and_the_same_verdict() -> None:
    ids = [row.submission["external_id"] for row in mixed_rows(copies=2)]
    assert len(set(ids)) == 2 * len(ROWS)
    assert verdict_on(ids[-1]) == verdict_on(ids[-1].removesuffix("~2"))
    assert verdict_on("somebody else's") is None


def test_the_queues_are_those_of_the_task_types() -> None:
    assert queues() == ("addresses", "agents", "answers", "translations")
