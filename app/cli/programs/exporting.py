"""Export decisions for books and for training: as they are, as a table, or as examples for a model.

Reads the feed, so it is complete and in order. A decision that was overturned is left out; the one that overturned it
stands in its place.
"""

import csv
from collections.abc import Iterator, Mapping
from typing import Any, Final, TextIO

import click
import orjson

from app.cli.programs.service import Service, service_here

_PAGE: Final = 200
_COLUMNS: Final = (
    "seq",
    "submission",
    "external_id",
    "task_type",
    "status",
    "decided_at",
    "final_at",
    "output",
    "reason_codes",
    "reviewers",
    "active_seconds",
    "human_cost",
    "llm_cost",
)
#: What a spreadsheet would take for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


@click.group()
def export() -> None:
    """Write down what was decided."""


@export.command()
@click.option("--format", "kind", type=click.Choice(["jsonl", "csv", "sft", "dpo"]), default="jsonl", show_default=True)
@click.option(
    "--after", default=0, show_default=True, help="Leave out what has this number on the feed, or a lower one."
)
@click.option("--to", "file", type=click.File("w", encoding="utf-8"), default="-", help="Where to; stdout if left out.")
def decisions(kind: str, after: int, file: TextIO) -> None:
    """Write every decision that stands, in the order in which they became final.

    jsonl: the entries of the feed. csv: a table. sft: `messages` that end with the decided output, of approved and
    corrected ones. dpo: `prompt`, `chosen` (the correction) and `rejected` (what the model said), of corrected ones.
    """
    service, count = service_here(), 0
    entries = _standing(service, after)
    if kind == "csv":
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for entry in entries:
            rows.writerow([_cell(value) for value in _row(entry)])
            count += 1
    else:
        for document in {"jsonl": _as_it_is, "sft": _examples, "dpo": _preferences}[kind](service, entries):
            file.write(orjson.dumps(document).decode() + "\n")
            count += 1
    click.echo(f"{count} decisions", err=True)


def _standing(service: Service, after: int) -> Iterator[dict[str, Any]]:
    """Yield the entries of decisions that stand."""
    more = True
    while more:
        page = service.get("/decisions", after=after, limit=_PAGE)
        for entry in page["data"]:
            decision = entry["data"]["decision"]
            if decision is not None and decision["superseded_by"] is None:
                yield entry
        after, more = page["next_after"], page["has_more"]


def _as_it_is(_service: Service, entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    yield from entries


def _row(entry: Mapping[str, Any]) -> tuple[Any, ...]:
    data, decision = entry["data"], entry["data"]["decision"]
    return (
        entry["seq"],
        data["id"],
        data["external_id"],
        data["task_type"],
        decision["status"],
        decision["decided_at"],
        decision["final_at"],
        _text(decision["output"]),
        " ".join(decision["reason_codes"]),
        " ".join(vote["by"] for vote in decision["votes"]),
        " ".join(vote["active_seconds"] for vote in decision["votes"]),
        _money(decision["cost"]["human"]),
        _money(decision["cost"]["llm"]),
    )


def _money(amounts: list[dict[str, str]]) -> str:
    return " ".join(f"{one['amount']} {one['currency']}" for one in amounts)


def _cell(value: Any) -> Any:
    """Return a value that no spreadsheet runs."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _examples(service: Service, entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        decision = entry["data"]["decision"]
        if decision["status"] in {"approved", "corrected"} and decision["output"] is not None:
            asked = _asked(service.get(f"/submissions/{entry['data']['id']}"))
            yield {"messages": [*asked, {"role": "assistant", "content": _text(decision["output"])}]}


def _preferences(service: Service, entries: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for entry in entries:
        decision = entry["data"]["decision"]
        if decision["status"] == "corrected" and decision["output"] is not None:
            whole = service.get(f"/submissions/{entry['data']['id']}")
            chosen, rejected = _text(decision["output"]), _text(whole["output"])
            if chosen != rejected:
                yield {"prompt": _asked(whole), "chosen": chosen, "rejected": rejected}


def _asked(whole: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return what the model was shown, as messages: its chat if there is one, else every block in one message."""
    blocks = whole["context"]
    for block in blocks:
        if block["type"] == "chat" and isinstance(block["value"], list):
            return [
                {"role": str(turn.get("role", "user")), "content": _text(turn.get("content", turn.get("text", "")))}
                for turn in block["value"]
                if isinstance(turn, dict)
            ]
    parts = [*([whole["instructions"]] if whole["instructions"] else []), *(_text(block["value"]) for block in blocks)]
    return [{"role": "user", "content": "\n\n".join(parts) or whole["task_type"]}]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
