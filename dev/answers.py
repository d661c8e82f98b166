"""Describe the API's answers from answers that it gave: `python -m dev.answers FILE...` writes app/api/answers.json.

The tests call every operation in many ways. With RECORD_ANSWERS=FILE they write each good answer down instead of
holding it against its description; this reads the files and keeps, for each operation and status, a schema that all of
them fit and one example. Afterwards every test holds the answers against it. `make answers` does both.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

TARGET: Final = Path(__file__).resolve().parent.parent / "app" / "api" / "answers.json"
# Whatever programs, people and models put there; the keys are theirs.
FREE: Final = frozenset(
    (
        "args",
        "args_schema",
        "context",
        "details",
        "document",
        "evidence",
        "field_confidence",
        "field_thresholds",
        "facts",
        "group",
        "hours",
        "kwargs",
        "metadata",
        "missing",
        "model",
        "output_schema",
        "prompt",
        "reasons",
        "ref",
        "relaxations",
        "requested_by",
        "risk",
        "spec",
        "state",
        "trace",
        "usage",
        "why",
    )
)
# Of any kind at all: a text, a number, an object.
ANY: Final = frozenset(("output", "value"))
# What happens once and may not have happened yet, whether or not a sample shows it; and what always has.
_MAY_BE_NEVER: Final = re.compile(r"_(at|since|until|why|by)$")
ALWAYS: Final = frozenset(("created_at", "recorded_at", "decided_at", "requested_at", "claimed_at", "redeemed_at"))
# Whose id may be of any kind, seen so far or not.
ANYBODY: Final = frozenset(("actor", "subject"))
_EXAMPLE_BYTES: Final = 6_000
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_ID: Final = re.compile(r"([a-z]+)_[0-9a-f]{32}")
_IN_TEXT: Final = re.compile(r"\b([a-z]+)_([0-9a-f]{32})\b")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_SECRETS: Final = {
    re.compile(r"pd_[0-9a-f]{16}_[\w-]{20,}"): "pd_0123456789abcdef_" + "x" * 43,
    re.compile(r"whsec_[\w+/=-]{20,}"): "whsec_" + "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz",
    re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"): "eyJhbGciOiJFZERTQSJ9.eyJqdGkiOiJncl8xIn0.c2lnbmF0dXJl",
}


def infer(values: Iterable[Any], *, name: str = "") -> dict[str, Any]:
    """Return a schema that all of these values fit; for what is only ever null it says nothing."""
    values = list(values)
    known = [value for value in values if value is not None]
    nullable = len(known) < len(values)
    if not known or name in ANY:
        return {}
    if name in FREE:
        return _free(known, nullable=nullable)
    kinds = {_kind(value) for value in known}
    if kinds == {"integer", "number"}:
        kinds = {"number"}
    if len(kinds) > 1:
        return {"type": sorted(kinds | ({"null"} if nullable else set()))}
    (kind,) = kinds
    nullable = nullable or bool(_MAY_BE_NEVER.search(name) and name not in ALWAYS)
    found: dict[str, Any] = {"type": [kind, "null"] if nullable else kind}
    if kind == "object":
        found |= _members(known)
        if name in ANYBODY and "id" in found["properties"]:
            found["properties"]["id"] = {"type": ["string", "null"]}
    elif kind == "array":
        items = infer([one for value in known for one in value], name=name)
        found |= {"items": items} if items else {}
    elif kind == "string":
        found |= _text(known)
    return found


def _free(known: list[Any], *, nullable: bool) -> dict[str, Any]:
    kinds = {_kind(value) for value in known}
    if len(kinds) > 1 or kinds - {"object", "array"}:
        return {}
    (kind,) = kinds
    return {"type": [kind, "null"] if nullable else kind}


def _kind(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"


def _members(values: list[dict[str, Any]]) -> dict[str, Any]:
    names: dict[str, None] = {}
    for value in values:
        names.update(dict.fromkeys(value))
    return {
        "properties": {n: infer([value[n] for value in values if n in value], name=n) for n in names},
        "required": [n for n in names if all(n in value for value in values)],
    }


def _text(values: list[str]) -> dict[str, Any]:
    if all(_INSTANT.fullmatch(value) for value in values):
        return {"format": "date-time"}
    prefixes = {found[1] if (found := _ID.fullmatch(value)) else None for value in values}
    if len(prefixes) == 1 and None not in prefixes:
        return {"pattern": f"^{prefixes.pop()}_[0-9a-f]{{32}}$"}
    return {"pattern": "^[0-9a-f]{64}$"} if all(_DIGEST.fullmatch(value) for value in values) else {}


def example(samples: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return the sample that says most and is not too long, with ids, times and secrets that are nobody's."""
    short = [one for one in samples if len(orjson.dumps(one["body"])) <= _EXAMPLE_BYTES] or samples[:1]
    best = max(short, key=lambda one: (_said(one["body"]), orjson.dumps(one["body"])))
    known: dict[str, str] = {}
    return {"body": _tidy(best["body"], known), "sent": _tidy(best["sent"], known)}


def _said(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_said(part) for part in value.values())
    return sum(_said(part) for part in value[:3]) if isinstance(value, list) else int(value not in (None, "", 0))


def _tidy(value: Any, known: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _tidy(part, known) for name, part in value.items()}
    if isinstance(value, list):
        return [_tidy(part, known) for part in value[:3]]
    if not isinstance(value, str):
        return value
    if _INSTANT.fullmatch(value):
        return "2026-03-02T09:00:00.000Z"
    if _DIGEST.fullmatch(value):
        return "5f" * 32
    for secret, harmless in _SECRETS.items():
        value = secret.sub(harmless, value)
    return _IN_TEXT.sub(lambda m: f"{m[1]}_{known.setdefault(m[2], f'{len(known) + 1:032x}')}", value)


def describe(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return, for each operation, the schema and an example of each of its good answers."""
    samples: dict[str, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        samples[f"{record['method']} {record['rule']}"][str(record["status"])].append(record)
    return {
        operation: {
            status: {"schema": infer([one["body"] for one in ones]), **_shown(ones)}
            for status, ones in sorted(by_status.items())
        }
        for operation, by_status in sorted(samples.items())
    }


def _shown(ones: list[Mapping[str, Any]]) -> dict[str, Any]:
    chosen = example(ones)
    return {"example": chosen["body"]} | ({} if chosen["sent"] is None else {"sent": chosen["sent"]})


if __name__ == "__main__":
    lines = [line for name in sys.argv[1:] for line in Path(name).read_bytes().splitlines()]
    document = describe(orjson.loads(line) for line in lines)
    TARGET.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    sys.stdout.write(f"{len(document)} operations from {len(lines)} answers\n")
