"""Say what was measured: medians of the rounds, ratios against the targets, as Markdown and as JSON."""

import platform
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

import orjson

from bench.suites import Cell

Place = tuple[str, int, int]
Figures = Mapping[Place, Mapping[str, float]]
TITLES: Final = {
    "limit": "Bare SKIP LOCKED loop, psycopg (the limit)",
    "claim": "Claims through the service, one queue",
    "several": "Claims through the service, 5 of 20 queues, skills, 4 priorities",
    "loop": "HTTP: next, decide",
    "beats": "HTTP: next, 2 beats, decide",
    "submit limit": "Bare INSERT and COMMIT of 2 KB, psycopg (the limit; at most 32 connections)",
    "submit flask": "HTTP: the same to a bare Flask view with one INSERT, under the same server (the limit of Flask)",
    "submit": "HTTP: one submission of 2 KB a call",
    "submit keyed": "The same, each with an Idempotency-Key",
    "batch limit": "Bare COPY of 1,000 rows into three tables, one connection (the limit)",
    "batch": "HTTP: 1,000 submissions of 2 KB a call",
    "feed": "HTTP: decisions read on the feed (time since they became final)",
    "deliver limit": "RQ SimpleWorker, one job for each webhook, nothing but the post",
    "deliver": "Webhooks that are due at once, to a receiver on loopback",
    "resume limit": "LangGraph with its PostgreSQL checkpointer: run to the interrupt, resume",
    "resume flask": "HTTP: the same two calls to bare Flask views with one statement each (the limit of Flask)",
    "resume": "HTTP: submit what waits, read what was decided",
    "journey": "Real items judged by keyboard in Chromium (bare: the same browser opens a page that holds nothing)",
    "snapshot closed": "Claims for as long, no snapshot open",
    "snapshot open": "Claims while a snapshot is open",
}
# The peers' figures were measured with the same shape of driver, 100,000 tasks and 8 annotators on 2 cores like these.
LABEL_STUDIO_NEXT_P95_MS: Final = 1_493.0
LABEL_STUDIO_WEB_MIB: Final = 586.0
LABEL_STUDIO_PER_SECOND: Final = 5.8
AWAITHUMANS_PER_SECOND: Final = 11.0


_KINDS: Final = (
    *("claim", "next", "beat", "decide", "submit", "batch"),
    *("follow", "resume", "bare", "shown", "usable"),
)


@dataclass(frozen=True)
class Target:
    """A figure to reach. `at_most`: smaller is better. `read` returns None when the run did not measure it."""

    what: str
    gate: float
    goal: float
    at_most: bool
    read: Callable[[Figures], float | None]

    def verdict(self, value: float) -> str:
        """Say how a value stands to gate and goal."""
        for name, bound in (("goal", self.goal), ("gate", self.gate)):
            if value <= bound if self.at_most else value >= bound:
                return name
        return "missed"


def medians(cells: Sequence[Cell]) -> dict[Place, dict[str, float]]:
    """Return the median of each figure over the rounds, by suite, backlog and reviewers."""
    rounds: dict[Place, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for cell in cells:
        for name, value in {**cell.figures, "load": cell.load}.items():
            rounds[cell.suite, cell.waiting, cell.reviewers][name].append(value)
    return {place: {name: median(values) for name, values in found.items()} for place, found in rounds.items()}


def _one(suite: str, waiting: int, name: str, crowd: int = 8) -> Callable[[Figures], float | None]:
    return lambda found: found.get((suite, waiting, crowd), {}).get(name)


def _share(suite: str, crowd: int, limit: str, limit_crowd: int, name: str) -> Callable[[Figures], float | None]:
    """Return what reads the rate of something that comes in as a share of its bare limit."""

    def read(found: Figures) -> float | None:
        over, under = _one(suite, 0, name, crowd)(found), _one(limit, 0, name, limit_crowd)(found)
        return None if over is None or not under else over / under

    return read


def _beside(suite: str, limit: str, name: str) -> Callable[[Figures], float | None]:
    """Return what reads the rate of a suite over that of its limit, whatever the sizes of the run."""

    def read(found: Figures) -> float | None:
        over, under = (
            next((figures.get(name) for place, figures in found.items() if place[0] == one), None)
            for one in (suite, limit)
        )
        return None if over is None or not under else over / under

    return read


def _memory(found: Figures) -> float | None:
    weighed = found.get(("memory", 0, 1), {}).get("pss_mib")
    return None if weighed is None else weighed / LABEL_STUDIO_WEB_MIB


def _ratio(
    above: tuple[str, int, str], below: tuple[str, int, str], crowd: int = 8
) -> Callable[[Figures], float | None]:
    def read(found: Figures) -> float | None:
        over, under = _one(*above, crowd)(found), _one(*below, crowd)(found)
        return None if over is None or not under else over / under

    return read


TARGETS: Final = (
    Target(
        "claim p99 at 1,000,000 waiting / at 1,000",
        2.5,
        1.5,
        True,
        _ratio(("claim", 1_000_000, "claim_p99"), ("claim", 1_000, "claim_p99")),
    ),
    Target(
        "claim p99, 5 of 20 queues with skills / one queue, 100,000 waiting",
        2.0,
        1.2,
        True,
        _ratio(("several", 100_000, "claim_p99"), ("claim", 100_000, "claim_p99")),
    ),
    Target(
        "claims while a snapshot is open / without",
        0.6,
        0.9,
        False,
        _ratio(("snapshot open", 100_000, "claim_per_second"), ("snapshot closed", 100_000, "claim_per_second")),
    ),
    Target("next item over HTTP, p95 in ms, 100,000 waiting", 75.0, 15.0, True, _one("loop", 100_000, "next_p95")),
    Target(
        "decision to the next item shown in Chromium, p95 in ms, 100,000 waiting",
        300.0,
        150.0,
        True,
        _one("journey", 100_000, "shown_p95", 1),
    ),
    Target(
        "decision to keys that act on the next item, p95 in ms, 100,000 waiting",
        300.0,
        260.0,
        True,
        _one("journey", 100_000, "usable_p95", 1),
    ),
    Target(
        "the same, p50 / a page that holds nothing in the same browser",
        20.0,
        8.0,
        True,
        _ratio(("journey", 100_000, "shown_p50"), ("journey", 100_000, "bare_p50"), crowd=1),
    ),
    Target("keys a real item, corrections typed anew", 20.0, 10.0, True, _one("journey", 100_000, "keys_per_item", 1)),
    Target(
        "decisions per second over HTTP, 100,000 waiting",
        165.0,
        440.0,
        False,
        _one("loop", 100_000, "decide_per_second"),
    ),
    Target(
        "slowest reviewer's share of the median's decisions, 100,000 waiting",
        0.5,
        0.8,
        False,
        _one("loop", 100_000, "decide_slowest_share"),
    ),
    *(
        Target(
            f"single submissions over {many} connections / bare inserts",
            0.1,
            0.3,
            False,
            _share("submit", many, "submit limit", many, "submit_per_second"),
        )
        for many in (16, 64)
    ),
    Target(
        "batches of 1,000 over 4 connections / three COPY streams on one",
        0.4,
        0.75,
        False,
        _share("batch", 4, "batch limit", 1, "batch_per_second"),
    ),
    Target(
        "webhooks to a receiver on loopback / RQ, one job each",
        3.0,
        10.0,
        False,
        _beside("deliver", "deliver limit", "deliver_per_second"),
    ),
    Target(
        "submit and read the decision / LangGraph's PostgreSQL checkpointer, 8 programs",
        3.0,
        8.0,
        False,
        _beside("resume", "resume limit", "resume_per_second"),
    ),
    Target(
        "memory of web and worker / Label Studio's web alone (586 MiB, measured once)",
        0.4,
        0.2,
        True,
        _memory,
    ),
    Target(
        "a decision that is final, to its being read on the feed, p95 in ms, 8 reviewers",
        250.0,
        50.0,
        True,
        _one("feed", 10_000, "follow_p95"),
    ),
)

# What the figures above are to be held against: how near they come to what Flask itself can do here.
YARDSTICKS: Final[Mapping[str, Callable[[Figures], float | None]]] = {
    **{
        f"single submissions over {many} connections / a bare Flask view with one insert": _share(
            "submit", many, "submit flask", many, "submit_per_second"
        )
        for many in (16, 64)
    },
    "submit and read / the same two calls to bare Flask views": _beside("resume", "resume flask", "resume_per_second"),
    "bare Flask views / LangGraph's PostgreSQL checkpointer": _beside(
        "resume flask", "resume limit", "resume_per_second"
    ),
}


def machine() -> str:
    """Return what the figures were measured on."""
    model = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    cores = sum(1 for line in _lines("/proc/cpuinfo") if line.startswith("processor"))
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return f"{cores} x {model}, {memory / 1024**2:.0f} GB memory, Python {platform.python_version()}"


def _lines(name: str) -> list[str]:
    path = Path(name)
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def document(cells: Sequence[Cell], *, now: datetime, server: str) -> dict[str, Any]:
    """Return everything that was measured, JSON-ready."""
    return {
        "at": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "server": server,
        "cells": [
            {"suite": c.suite, "waiting": c.waiting, "reviewers": c.reviewers, "load": c.load, **c.figures}
            for c in cells
        ],
    }


def read_cells(path: Path) -> list[Cell]:
    """Return the rounds of an earlier run on the same machine."""
    cells = []
    for found in orjson.loads(path.read_bytes())["cells"] if path.exists() else ():
        place = [found.pop(name) for name in ("suite", "waiting", "reviewers")]
        load = found.pop("load")
        cells.append(Cell(place[0], place[1], place[2], found, load))
    return cells


def markdown(cells: Sequence[Cell], *, now: datetime, server: str) -> str:
    """Return the page of results."""
    found = medians(cells)
    rounds = max((sum(1 for c in cells if (c.suite, c.waiting, c.reviewers) == place) for place in found), default=0)
    return "\n".join(
        [
            "# Results of the last run",
            "",
            f"Measured on {now:%Y-%m-%d}, {machine()}, {server}. Written by `python -m bench`; see bench/README.md.",
            f"Medians of up to {rounds} rounds; reviewers, server and database share the machine. `others` is how many",
            "of its cores somebody else used just before; times are milliseconds.",
            "",
            "## Targets",
            "",
            "8 reviewers where nothing else is said. Label Studio on PostgreSQL took 1,493 ms for the next item,",
            "made 5.8 decisions a second, awaithumans 11, with the same shape of driver and 100,000 and 10,000 tasks,",
            "on two such cores.",
            "",
            "| figure | gate | goal | measured | reached |",
            "|---|---|---|---|---|",
            *_target_lines(found),
            "",
            *_tables(found),
        ]
    )


def _target_lines(found: Figures) -> list[str]:
    lines = []
    for target in TARGETS:
        value = target.read(found)
        if value is not None:
            lines.append(
                f"| {target.what} | {target.gate:g} | {target.goal:g} | {value:.2f} | {target.verdict(value)} |"
            )
    shares = {what: read(found) for what, read in YARDSTICKS.items()}
    lines += [f"| {what} | | | {share:.2f} | |" for what, share in shares.items() if share is not None]
    per_second = _one("loop", 100_000, "decide_per_second")(found)
    if per_second is not None:
        label_studio, awaithumans = per_second / LABEL_STUDIO_PER_SECOND, per_second / AWAITHUMANS_PER_SECOND
        lines.append(
            "| decisions per second / Label Studio, / awaithumans | 25, 15 | 75, 40"
            f" | {label_studio:.0f}, {awaithumans:.0f} | |"
        )
    next_p95 = _one("loop", 100_000, "next_p95")(found)
    if next_p95:
        lines.append(
            f"| Label Studio's next item, p95 / ours | 20 | 100 | {LABEL_STUDIO_NEXT_P95_MS / next_p95:.0f} | |"
        )
    return lines


def _tables(found: Figures) -> list[str]:
    lines: list[str] = []
    for suite, title in TITLES.items():
        places = sorted(place for place in found if place[0] == suite)
        if not places:
            continue
        kinds = [
            kind
            for kind in (
                "claim",
                "next",
                "beat",
                "decide",
                "submit",
                "batch",
                "follow",
                "resume",
                "bare",
                "shown",
                "usable",
            )
            if any(f"{kind}_p50" in found[p] for p in places)
        ]
        if not kinds:
            # So short a run that nothing came to its end.
            continue
        lines += [
            f"## {title}",
            "",
            "| waiting | reviewers | "
            + " | ".join(f"{k}s/s | p50 | p95 | p99" for k in kinds)
            + " | slowest | others |",
            "|---" * (4 * len(kinds) + 4) + "|",
            *(_line(place, found[place], kinds) for place in places),
            "",
        ]
    return lines


def _line(place: Place, values: Mapping[str, float], kinds: Sequence[str]) -> str:
    _, waiting, reviewers = place
    names = ("p50", "p95", "p99")
    # On a machine that is busy with something else a short round may count nothing.
    cells = [
        " | ".join([f"{values.get(f'{k}_per_second', 0):,.0f}", *(f"{values.get(f'{k}_{n}', 0):.1f}" for n in names)])
        for k in kinds
    ]
    share = values.get(f"{kinds[-1]}_slowest_share", 0.0)
    return f"| {waiting:,} | {reviewers} | {' | '.join(cells)} | {share:.2f} | {values['load']:.1f} |"
