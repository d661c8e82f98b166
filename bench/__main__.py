"""`python -m bench`: measure, say how it went, and write RESULTS.md beside this file if asked to."""

from pathlib import Path
from typing import Final

import click
import orjson

from app.kernel.clock import host_now
from bench.place import opened, servers
from bench.report import TARGETS, document, markdown, medians, read_cells
from bench.suites import SUITES, Plan, run

HERE: Final = Path(__file__).resolve().parent


def _numbers(_context: object, _parameter: object, text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


@click.command()
@click.argument("suites", nargs=-1, type=click.Choice(SUITES))
@click.option("--waiting", default="1000,100000,1000000", show_default=True, callback=_numbers, help="Backlogs.")
@click.option("--reviewers", default="1,8,32,64", show_default=True, callback=_numbers, help="At most 64 of them.")
@click.option("--connections", default="16,64", show_default=True, callback=_numbers, help="Of single submissions.")
@click.option("--rounds", default=3, show_default=True, help="How often each is measured.")
@click.option("--seconds", default=4.0, show_default=True, help="How long each round counts.")
@click.option("--snapshot-seconds", default=60.0, show_default=True, help="How long an old snapshot is held open.")
@click.option("--snapshot-waiting", default=100_000, show_default=True, help="How many wait meanwhile.")
@click.option("--webhooks", default=10_000, show_default=True, help="How many are due at once.")
@click.option("--patience", default=0.0, show_default=True, help="How long to wait before each round for others.")
@click.option("--add", is_flag=True, help="Keep the rounds that the folder holds already.")
@click.option("--write", type=click.Path(path_type=Path), help="Folder for RESULTS.md and results.json.")
def main(  # noqa: PLR0917  # click names them
    suites: tuple[str, ...],
    waiting: tuple[int, ...],
    reviewers: tuple[int, ...],
    connections: tuple[int, ...],
    rounds: int,
    seconds: float,
    snapshot_seconds: float,
    snapshot_waiting: int,
    patience: float,
    webhooks: int,
    add: bool,
    write: Path | None,
) -> None:
    """Measure SUITES, all of them if none is named."""
    plan = Plan(
        suites or SUITES,
        waiting,
        reviewers,
        connections,
        rounds,
        seconds,
        snapshot_seconds,
        snapshot_waiting,
        patience,
        webhooks,
    )
    cells = read_cells(write / "results.json") if add and write is not None else []
    with servers() as place:
        with opened(place.database_url) as database, database.engine.connect() as connection:
            version = connection.dialect.server_version_info or ()
            server = f"PostgreSQL {'.'.join(str(part) for part in version)}"
        for cell in run(place, plan):
            cells.append(cell)
            shown = "  ".join(f"{name} {value:.2f}" for name, value in cell.figures.items())
            click.echo(f"{cell.suite} {cell.waiting:,} x {cell.reviewers}: {shown}")
            if write is not None:
                # After each cell, so that a run that is stopped half-way leaves what it found.
                (write / "results.json").write_bytes(
                    orjson.dumps(document(cells, now=host_now(), server=server), option=orjson.OPT_INDENT_2)
                )
                (write / "RESULTS.md").write_text(markdown(cells, now=host_now(), server=server), encoding="utf-8")
    found = medians(cells)
    for target in TARGETS:
        value = target.read(found)
        if value is not None:
            click.echo(
                f"{target.what}: {value:.2f} (gate {target.gate:g}, goal {target.goal:g}): {target.verdict(value)}"
            )


if __name__ == "__main__":
    main()
