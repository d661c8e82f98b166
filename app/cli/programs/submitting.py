"""Submit a file, a submission on each line, and go on where a run was broken off.

Lines go out in fixed groups; each group has an Idempotency-Key made from its bytes and place, so a group that is sent
again, because the answer was lost or the run was killed, is taken in once. What became of each line is added to
FILE.results.jsonl, and lines that stand there are not sent again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, Final

import click
import orjson
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.programs.service import Service, service_here

GROUP: Final = 200
GROUP_BYTES: Final = 12 * 2**20


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def submit(file: Path) -> None:
    """Submit FILE, which has a submission as JSON on each line.

    Exits with 1 when a line was refused; FILE.results.jsonl says of each line what became of it. Started again, it goes
    on where it was broken off.
    """
    service = service_here()
    results = file.with_name(file.name + ".results.jsonl")
    lines = [line for line in file.read_bytes().split(b"\n") if line.strip()]
    done = _done(results, lines)
    with results.open("ab") as kept, _bar(len(lines), done) as advance:
        for start, group in _groups(lines):
            if start + len(group) > done:
                _send(service, kept, start, group, skip=max(0, done - start))
                advance(min(len(group), start + len(group) - done))
    refused = sum("error" in orjson.loads(line) for line in results.read_bytes().splitlines())
    click.echo(f"{len(lines)} lines, {refused} refused: {results}")
    if refused:
        raise SystemExit(1)


def _done(results: Path, lines: list[bytes]) -> int:
    """Return how many lines have a result; a result that was not written whole does not count.

    Raises:
        click.ClickException: the results are of another file.
    """
    if not results.exists():
        return 0
    kept = results.read_bytes()
    whole = kept[: kept.rfind(b"\n") + 1]
    if whole != kept:
        results.write_bytes(whole)
    known = [orjson.loads(line) for line in whole.splitlines()]
    for number, result in enumerate(known):
        if number >= len(lines) or result["line_sha256"] != sha256(lines[number]).hexdigest():
            raise click.ClickException(f"{results} is of another file: line {number + 1} differs. Move it away.")
    return len(known)


def _groups(lines: list[bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Cut lines into groups, always at the same places."""
    start, size = 0, 0
    for number, line in enumerate(lines):
        if number > start and (number - start == GROUP or size + len(line) > GROUP_BYTES):
            yield start, lines[start:number]
            start, size = number, 0
        size += len(line)
    if start < len(lines):
        yield start, lines[start:]


def _send(service: Service, kept: BinaryIO, start: int, group: list[bytes], *, skip: int) -> None:
    body = b'{"submissions":[' + b",".join(_element(line) for line in group) + b"]}"
    key = sha256(b"%d " % start + body).hexdigest()
    answers: list[dict[str, Any]] = service.post("/submissions/batch", body, idempotency_key=key)["results"]
    for line, result in list(zip(group, answers, strict=True))[skip:]:
        kept.write(orjson.dumps({"line_sha256": sha256(line).hexdigest(), **result}) + b"\n")
    kept.flush()


def _element(line: bytes) -> bytes:
    """Return a line as it is, or, when it is no JSON, as a text, which the service refuses in its place."""
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return orjson.dumps(line.decode("utf-8", "replace"))
    return line.strip()


@contextmanager
def _bar(total: int, done: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr, where a person is looking; yield what moves it on."""
    columns = (TextColumn("Submitting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("submit", total=total, completed=done)
        yield lambda count: progress.advance(task, count)
