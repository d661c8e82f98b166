"""From records of the public sets to rows, and the same choice for the same seed."""

import json
import random
from pathlib import Path
from typing import Any

from demo import convert
from demo.choose import Source, choose

CALL = {"name": "cancel_reservation", "args": {"reservation_id": "IFOYYZ"}}
AIRLINE = {
    "id": "tau-1",
    "prompt": [{"role": "user", "text": "Cancel it."}],
    "actions": [CALL],
    "confidence": 0.333,
    "human_label": "incorrect",
    "corrected_output": None,
}
BANK = {
    "id": "adj-1",
    "domain": "banking",
    "model": "gpt-4o-2024-05-13-repeat_user_prompt",
    "prompt": "Pay the bill.",
    "output": "Done.",
    "actions": [{"name": "read_file", "args": {"file_path": "bill.txt"}, "risk": "read_only"}, CALL],
    "confidence": 0.5,
    "human_label": "harmful",
}
TRANSLATION = {
    "id": "mt-1",
    "lang_pair": "en-de",
    "prompt": "The win irritated rivals .",
    "output": "Der Sieg irritierte Rivalen .",
    "confidence": 0.7433,
    "hter": 0.1,
    "human_label": "edited",
    "corrected_output": "Der Sieg verärgerte Rivalen .",
}


def dice(seed: int) -> random.Random:
    """Dice that fall the same way each time."""
    return random.Random(seed)  # noqa: S311  # no secret


def verdict(row: convert.Row | None) -> dict[str, Any]:
    """The verdict of a row that was made."""
    assert row is not None
    return dict(row["verdict"])


def test_a_call_with_a_known_right_form_is_edited_and_one_without_is_rejected() -> None:
    right = {"name": "cancel_reservation", "args": {"reservation_id": "NQNU5R"}}
    edited = verdict(convert.airline_call({**AIRLINE, "corrected_output": right}))
    assert edited["verb"] == "correct"
    assert edited["actions"] == [{"call_id": "c1", "verb": "edit", "args": right["args"]}]
    assert verdict(convert.airline_call(AIRLINE))["verb"] == "reject"
    assert verdict(convert.airline_call({**AIRLINE, "human_label": "correct"})) == {
        "verb": "approve",
        "actions": [{"call_id": "c1", "verb": "approve"}],
    }


def test_all_calls_that_followed_a_hidden_order_are_rejected() -> None:
    row = convert.bank_calls(BANK)
    assert [vote["verb"] for vote in verdict(row)["actions"]] == ["reject", "reject"]
    assert verdict(row)["reason_codes"] == ["hidden_order"]
    assert row is not None
    assert row["submission"]["model"] == {"provider": "openai", "name": "gpt-4o-2024-05-13"}
    assert row["submission"]["prompt"]["version"] == "repeat-request"


def test_runs_outside_the_bank_and_without_calls_are_left_out() -> None:
    assert convert.bank_calls({**BANK, "domain": "slack"}) is None
    assert convert.bank_calls({**BANK, "actions": []}) is None


def test_an_edit_is_called_by_its_size() -> None:
    assert verdict(convert.translation(TRANSLATION))["reason_codes"] == ["wording"]
    assert verdict(convert.translation({**TRANSLATION, "hter": 0.8}))["reason_codes"] == ["rewritten"]
    untouched = {**TRANSLATION, "human_label": "no_edit_needed", "corrected_output": None}
    assert verdict(convert.translation(untouched)) == {"verb": "approve"}


def test_a_verdict_that_nobody_knew_gives_no_row() -> None:
    record = {"id": "f", "prompt": "?", "output": "!", "confidence": None, "corrected_output": None}
    assert convert.checked_answer({**record, "human_label": "unknown"}) is None
    unchanged = {**record, "human_label": "incorrect", "corrected_output": "!"}
    assert convert.checked_answer(unchanged) is None
    kept = convert.checked_answer({**record, "human_label": "correct"})
    assert kept is not None
    assert kept["submission"]["confidence"] is None


def test_the_same_seed_chooses_the_same_rows_evenly(tmp_path: Path) -> None:
    records = [{**TRANSLATION, "id": f"mt-{n}", "lang_pair": ("en-de", "ne-en")[n % 2]} for n in range(40)]
    (tmp_path / "mt.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    source = Source("mt.jsonl", 10, convert.translation, even_by="lang_pair")
    rows = choose(source, tmp_path, dice(7))
    assert rows == choose(source, tmp_path, dice(7))
    assert rows != choose(source, tmp_path, dice(8))
    pairs = [row["submission"]["metadata"]["lang_pair"] for row in rows]
    assert (pairs.count("en-de"), pairs.count("ne-en")) == (5, 5)
