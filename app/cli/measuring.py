"""Hold the measuring rule against a recording: a stopwatch's list, another tool's log, a study.

Needs no database. What it prints is what the ledger would book for the same evidence.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal, DecimalException
from pathlib import Path
from statistics import quantiles
from typing import Any, Final

import click
import orjson

from app.submissions.rules.task_type import USUAL_CAP_SECONDS
from app.timekeeping.rules.replay import measure

_MS: Final = {"s": 1_000, "ms": 1}
_LONGEST_MS: Final = 10**12
# Where they stand among nineteen cuts into twentieths.
_SHARES: Final = {"p25": 4, "median": 9, "p75": 14, "p90": 17, "p95": 18}

Row = Mapping[str, Any]


@click.command(name="measure")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--at", "at_column", help="The column with the time of an event; each row is one event.")
@click.option("--lasted", "lasted_column", help="The column with how long a session was open; each row is one.")
@click.option(
    "--session", "session_columns", default="session", show_default=True, help="Its name; several with commas."
)
@click.option("--unit", type=click.Choice(sorted(_MS)), default="s", show_default=True, help="What times are given in.")
@click.option("--by", "by_column", help="Measure apart what differs in this column.")
@click.option("--cap", "caps", type=click.IntRange(1, 86_400), multiple=True, help="Seconds of a pause that count.")
def measure_recording(
    *,
    file: Path,
    at_column: str | None,
    lasted_column: str | None,
    session_columns: str,
    unit: str,
    by_column: str | None,
    caps: tuple[int, ...],
) -> None:
    """Measure the sessions recorded in FILE (.csv with a head, or .jsonl) as the ledger would.

    Give --at for a list of events, or --lasted for a list of sessions of which nothing but their length is known: such
    a session is one long pause, of which the cap is all that counts.
    """
    column = at_column or lasted_column
    if column is None or (at_column and lasted_column):
        raise click.UsageError("Give --at or --lasted.")
    groups: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for number, row in enumerate(_rows(file), start=1):
        name = str(number) if lasted_column else "/".join(_text(row, one, number) for one in session_columns.split(","))
        at = _milliseconds(row, column, number, unit)
        group = _text(row, by_column, number) if by_column else "all"
        groups[group][name].extend([0, at] if lasted_column else [at])
    if not groups:
        raise click.ClickException("The file holds no rows.")
    for group in sorted(groups):
        _say(group, list(groups[group].values()), sorted(set(caps)) or [USUAL_CAP_SECONDS])


def _rows(file: Path) -> Iterator[Row]:
    """Yield the rows of a file.

    Raises:
        click.ClickException: it is neither CSV nor JSON on each line.
    """
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            if file.suffix == ".csv":
                yield from csv.DictReader(lines)
            else:
                for number, line in enumerate(lines, start=1):
                    row = orjson.loads(line)
                    if not isinstance(row, dict):
                        raise click.ClickException(f"Row {number} is no object.")
                    yield row
    except (UnicodeDecodeError, orjson.JSONDecodeError, csv.Error) as error:
        raise click.ClickException(f"{file.name} cannot be read: {error}") from error


def _text(row: Row, column: str, number: int) -> str:
    if row.get(column) is None:
        raise click.ClickException(f"Row {number} has no {column}.")
    return str(row[column])


def _milliseconds(row: Row, column: str, number: int, unit: str) -> int:
    text = _text(row, column, number)
    try:
        ms = Decimal(text) * _MS[unit]
    except DecimalException as error:
        raise click.ClickException(f"Row {number}: {column} is no number: {text[:40]}") from error
    if not ms.is_finite() or not 0 <= ms <= _LONGEST_MS:
        raise click.ClickException(f"Row {number}: {column} is out of range: {text[:40]}")
    return int(ms.to_integral_value())


def _say(group: str, sessions: list[list[int]], caps: list[int]) -> None:
    open_ms = [max(at) - min(at) for at in sessions]
    # As PostgreSQL's percentile_cont interpolates; it takes two values to have something between them.
    twentieths = quantiles(open_ms * 2 if len(open_ms) == 1 else open_ms, n=20, method="inclusive")
    said = "  ".join(f"{name} {twentieths[place] / 1_000:.3f} s" for name, place in _SHARES.items())
    longest = max(open_ms) / 1_000
    click.echo(f"{group}: {len(sessions)} sessions, open for {_hours(sum(open_ms))}; {said}  longest {longest:.3f} s")
    for cap in caps:
        active = sum(measure(session, cap_ms=cap * 1_000) for session in sessions)
        click.echo(f"  a pause counts up to {cap} s: {_hours(active)} active, {_hours(sum(open_ms) - active)} not")


def _hours(ms: int) -> str:
    return f"{ms / 3_600_000:.4f} h"
