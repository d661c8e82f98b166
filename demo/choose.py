"""Choose the demonstration's rows from full data sets: the same rows for the same seed, every time.

Run by whoever wants other rows or more of them: `python -m demo.choose FOLDER`. FOLDER holds one folder per set with
one JSON object per line, in files as named in SOURCES; the sources are public and listed in data/LICENCES.md, and the
fields that are read of each stand in convert.py. It may not look at anything but those files and the seed.
"""

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from demo import convert

SEED: Final = 20_240_501
DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Source:
    """A file of records, how many rows to take from it, and the field whose values share them evenly."""

    file: str
    rows: int
    convert: Callable[[convert.Record], convert.Row | None]
    even_by: str | None = None


SOURCES: Final = {
    "short_answers": [
        Source("simpleqa_gpt4o/outputs.jsonl", 190, convert.short_answer),
        Source("factcheck_gpt/outputs.jsonl", 20, convert.checked_answer),
    ],
    "address_fields": [Source("address_fields/outputs.jsonl", 220, convert.address)],
    "agent_actions": [
        Source("tau_airline/actions.jsonl", 130, convert.airline_call),
        Source("agentdojo_traces/traces.jsonl", 100, convert.bank_calls),
    ],
    "translations": [Source("mt_mlqe_pe/outputs.jsonl", 200, convert.translation, even_by="lang_pair")],
}


def choose(source: Source, folder: Path, rng: random.Random) -> list[convert.Row]:
    """The rows of one source, in the order of the file; as many as asked for, or all usable ones."""
    groups: dict[str, list[tuple[int, convert.Row]]] = {}
    for place, record in enumerate(_records(folder / source.file)):
        if row := source.convert(record):
            groups.setdefault(str(record[source.even_by]) if source.even_by else "", []).append((place, row))
    share = source.rows // len(groups)
    chosen = [pick for group in groups.values() for pick in rng.sample(group, min(share, len(group)))]
    return [row for _, row in sorted(chosen, key=lambda pick: pick[0])]


def write_all(folder: Path, out: Path) -> dict[str, int]:
    """Write one file per task type into `out`; returns the number of rows of each."""
    written = {}
    for task_type, sources in SOURCES.items():
        rng = random.Random(f"{SEED}:{task_type}")  # noqa: S311  # a sample that can be drawn again, no secret
        rows = [row for source in sources for row in choose(source, folder, rng)]
        rng.shuffle(rows)
        lines = (json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
        (out / f"{task_type}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        written[task_type] = len(rows)
    return written


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line and write the files."""
    parser = argparse.ArgumentParser(prog="python -m demo.choose", description="Choose the demonstration's rows.")
    parser.add_argument("folder", type=Path, help="folder with the full data sets")
    parser.add_argument("--out", type=Path, default=DATA, help="where to write (default: %(default)s)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for task_type, rows in write_all(options.folder, options.out).items():
        sys.stdout.write(f"{task_type}: {rows} rows\n")


def _records(path: Path) -> Iterator[convert.Record]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


if __name__ == "__main__":
    main()
