"""The numbers that programs rely on, written down a second time: the code and its published description agree."""

from typing import Any

import pytest

from app.api.v1.idempotency import KEY_LENGTH
from app.api.v1.shapes import parts, submissions
from app.api.v1.shapes.admin import TaskTypeIn
from app.delivery.rules.retries import WAITS_SECONDS
from app.edge import requests, waiting
from app.edge.unit_of_work import ProofdeskApp
from app.files.rules import FILE_BYTES, MOST_PIXELS
from app.kernel import paging, strict_json
from app.submissions.service import idempotency
from dev.limits import bound

PROMISED = {
    "body": (requests.BODY_BYTES, 1_048_576),
    "batch": (requests.BATCH_BYTES, 16_777_216),
    "elements of a batch": (submissions.MAX_BATCH, 1_000),
    "form": (requests.FORM_BYTES, 65_536),
    "form with an item's output": (requests.DESK_FORM_BYTES, 4 * 1_048_576),
    "file": (FILE_BYTES, 10 * 1_048_576),
    "pixels": (MOST_PIXELS, 40_000_000),
    "depth": (strict_json.MAX_DEPTH, 64),
    "integers": (strict_json.MAX_INTEGER, 9_007_199_254_740_991),
    "names": (parts.NAME_LENGTH, 200),
    "metadata": (parts.METADATA_KEYS, 64),
    "first year": (parts.FIRST_YEAR, 2000),
    "last year": (parts.LAST_YEAR, 2199),
    "page": (paging.DEFAULT_LIMIT, 50),
    "largest page": (paging.MAX_LIMIT, 200),
    "idempotency key": (KEY_LENGTH, 255),
    "idempotency days": (idempotency.KEEP_FOR.days, 7),
    "idempotency wait": (idempotency.WAIT_MS, 2_000),
    "long poll": (bound(submissions.SubmissionQuery, "wait", "le"), 55),
    "waiting calls of a key": (waiting.PER_KEY, 10),
    "shortest claim": (bound(TaskTypeIn, "claim_seconds", "ge"), 5),
    "longest claim": (bound(TaskTypeIn, "claim_seconds", "le"), 86_400),
    "usual claim": (TaskTypeIn.model_fields["claim_seconds"].default, 900),
    "smallest cap": (bound(TaskTypeIn, "cap_seconds", "ge"), 30),
    "largest cap": (bound(TaskTypeIn, "cap_seconds", "le"), 300),
    "usual cap": (TaskTypeIn.model_fields["cap_seconds"].default, 90),
    "tries": (len(WAITS_SECONDS), 10),
    "hours of trying": (sum(WAITS_SECONDS) // 3600, 75),
}


@pytest.mark.parametrize("what", PROMISED)
def test_a_limit_is_what_was_promised(what: str) -> None:
    held, promised = PROMISED[what]
    assert held == promised


def _field(document: dict[str, Any], shape: str, field: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][shape]["properties"][field]
    return found


def test_the_description_publishes_the_same_numbers(shape: ProofdeskApp) -> None:
    document = shape.extensions["description"]()
    assert _field(document, "TaskTypeIn", "name")["maxLength"] == parts.NAME_LENGTH
    assert _field(document, "TaskTypeIn", "claim_seconds")["maximum"] == 86_400
    assert _field(document, "TaskTypeIn", "cap_seconds")["minimum"] == 30
    sent = _field(document, "SubmissionIn", "metadata")
    assert sent["maxProperties"] == parts.METADATA_KEYS
    (confidence,) = [one for one in _field(document, "SubmissionIn", "confidence")["anyOf"] if "maximum" in one]
    assert (confidence["minimum"], confidence["maximum"]) == (0, 1)
