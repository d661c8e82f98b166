"""What the demonstration brings along: four task types with their policies, real rows, and the verdict on each.

The setup is plain data (setup/<task type>/), the very bodies that an integrator would post; guidelines are Markdown
beside them. Rows are data/<task type>.jsonl. Nothing here is computed or guessed. Called by fill.py and day.py.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, Final

SETUP: Final = Path(__file__).parent / "setup"
DATA: Final = Path(__file__).parent / "data"
TASK_TYPES: Final = ("address_fields", "agent_actions", "short_answers", "translations")

# Marks the second and later copies of a row in its external id, so that a verdict is found for them too.
_COPY_MARK: Final = "~"


@dataclass(frozen=True)
class Setup:
    """The bodies that define one kind of work: POST /task-types and POST /policies."""

    task_type: Mapping[str, Any]
    policy: Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One real output as it is submitted, and what a reviewer should answer.

    `verdict` holds `verb` (approve, correct, reject) and, as the verb needs, `output`, `actions`, `reason_codes`.
    """

    submission: Mapping[str, Any]
    verdict: Mapping[str, Any]
    set_name: str
    licence: str


@lru_cache(maxsize=len(TASK_TYPES))
def setup_of(name: str) -> Setup:
    """The definition and the policy of a task type, guidelines included."""
    folder = SETUP / name
    task_type = _json(folder / "task_type.json")
    task_type["guidelines"] = (folder / "guidelines.md").read_text(encoding="utf-8")
    return Setup(task_type, _json(folder / "policy.json"))


def queues() -> tuple[str, ...]:
    """Names of the queues in which the demonstration's items wait; its reviewers need them all."""
    return tuple(sorted({setup_of(name).task_type["queue"] for name in TASK_TYPES}))


@lru_cache(maxsize=1)
def args_schemas() -> Mapping[str, Any]:
    """For each action's name the JSON Schema of its arguments."""
    schemas: Mapping[str, Any] = _json(SETUP / "agent_actions" / "args_schemas.json")
    return schemas


@lru_cache(maxsize=len(TASK_TYPES))
def rows_of(name: str) -> tuple[Row, ...]:
    """The rows of a task type; its actions carry the schema of their arguments."""
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as lines:
        return tuple(_row(json.loads(line)) for line in lines)


def mixed_rows(copies: int = 1) -> Iterator[Row]:
    """Rows of all task types in turn, so that any first part of them is a fair mix. Copies have ids of their own."""
    for copy in range(1, copies + 1):
        for row in chain.from_iterable(zip_longest(*map(rows_of, TASK_TYPES))):
            if row is not None:
                yield row if copy == 1 else _renamed(row, copy)


def verdict_on(external_id: str) -> Mapping[str, Any] | None:
    """What a reviewer should answer to this submission, or None when it is not the demonstration's."""
    return _verdicts().get(external_id.split(_COPY_MARK, maxsplit=1)[0])


@lru_cache(maxsize=1)
def _verdicts() -> Mapping[str, Mapping[str, Any]]:
    return {row.submission["external_id"]: row.verdict for row in mixed_rows()}


def _row(line: Mapping[str, Any]) -> Row:
    submission = dict(line["submission"])
    if "actions" in submission:
        submission["actions"] = [a | {"args_schema": args_schemas()[a["name"]]} for a in submission["actions"]]
    return Row(submission, line["verdict"], line["set"], line["licence"])


def _renamed(row: Row, copy: int) -> Row:
    external_id = f"{row.submission['external_id']}{_COPY_MARK}{copy}"
    return Row({**row.submission, "external_id": external_id}, row.verdict, row.set_name, row.licence)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
