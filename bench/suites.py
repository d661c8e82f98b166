"""What is measured, and in which order.

Rounds of all kinds take turns, so that the load of others falls on each alike. The loop comes first and is followed by
the check of `proofdesk verify`: fast and wrong would be worth nothing. Claims that are put back come last, because
they leave a past that no item can have.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import text

from app.kernel.db import Database
from app.reports.invariants import check_invariants
from bench import claiming, delivering, following, footprint, intake, journey, limit, loop, resuming
from bench.crowd import Span, Tally, Work, let_work, percentile, wait_for_quiet
from bench.fill import fill, top_up
from bench.place import Place, bare_flask, new_database, opened, web_server, worker

# A second million to fill would take longer than it tells anything.
SEVERAL_AT_MOST = 100_000
SUITES = (
    "loop",
    "beats",
    "limit",
    "claim",
    "several",
    "snapshot",
    "submit",
    "batch",
    "feed",
    "deliver",
    "resume",
    "memory",
    "journey",
)


@dataclass(frozen=True)
class Plan:
    """How much of what to measure."""

    suites: Sequence[str]
    waiting: Sequence[int]
    reviewers: Sequence[int]
    connections: Sequence[int]
    rounds: int
    seconds: float
    snapshot_seconds: float
    snapshot_waiting: int
    patience: float
    webhooks: int


@dataclass(frozen=True)
class Cell:
    """One round of one thing. `load`: how many cores others used just before."""

    suite: str
    waiting: int
    reviewers: int
    figures: dict[str, float] = field(default_factory=dict)
    load: float = 0.0


def figures(tallies: Sequence[Tally], span: Span) -> dict[str, float]:
    """Return rates, percentiles in ms, and the slowest reviewer's share of what the median reviewer did."""
    found: dict[str, float] = {}
    for kind in sorted({kind for tally in tallies for kind in tally.took}):
        took = [ms for tally in tallies for ms in tally.took.get(kind, ())]
        last = max((end for tally in tallies for end in tally.ended.get(kind, ())), default=0.0)
        # A small backlog may be worked off before the time is up.
        seconds = last if any(tally.empty for tally in tallies) else span.seconds
        counts = sorted(len(tally.took.get(kind, ())) for tally in tallies)
        found[f"{kind}_per_second"] = len(took) / max(seconds, 0.001)
        for share in (50, 95, 99):
            found[f"{kind}_p{share}"] = percentile(took, share / 100)
        found[f"{kind}_slowest_share"] = counts[0] / max(1, counts[len(counts) // 2])
    return found


def run(place: Place, plan: Plan) -> Iterator[Cell]:
    """Yield each cell as it is measured.

    Raises:
        RuntimeError: a reviewer could not go on, or an invariant is broken afterwards.
    """
    if {"submit", "batch"} & set(plan.suites):
        with new_database(place, "bench_intake") as url, opened(url) as database:
            yield from _intake(place, plan, url, database)
    if "feed" in plan.suites:
        with new_database(place, "bench_feed") as url, opened(url) as database:
            yield from _feed(place, plan, url, database)
    if "deliver" in plan.suites:
        yield from _deliver(place, plan)
    if {"resume", "memory"} & set(plan.suites):
        with new_database(place, "bench_resume") as url, opened(url) as database:
            yield from _resume(place, plan, url, database)
    if "journey" in plan.suites:
        for number in range(plan.rounds):
            with new_database(place, f"bench_journey_{number}") as url, opened(url) as database:
                yield _journey(place, plan, url, database)
    if not set(plan.suites) & {"loop", "beats", "limit", "claim", "several"}:
        plan = replace(plan, waiting=())
    for waiting in plan.waiting:
        with new_database(place, f"bench_{waiting}") as url, opened(url) as database:
            yield from _with_backlog(place, plan, url, database, waiting)
    if "snapshot" in plan.suites:
        with new_database(place, "bench_snapshot") as url, opened(url) as database:
            yield from _snapshot(plan, url, database)


def _journey(place: Place, plan: Plan, url: str, database: Database) -> Cell:
    """Let somebody judge real items in a browser while many others wait."""
    waiting = max(size for size in plan.waiting if size <= SEVERAL_AT_MOST)
    ground = fill(database, name="Journey", waiting=waiting, several=False)
    journey.make_all_findable(database)
    with web_server(place, url) as port, worker(place, url):
        link = journey.prepare(database, ground, port)
        load = wait_for_quiet(plan.patience)
        cell = Cell("journey", waiting, 1, journey.travel(database, port, link), load)
    _verify(database)
    return cell


def _feed(place: Place, plan: Plan, url: str, database: Database) -> Iterator[Cell]:
    """Decide while somebody follows the feed."""
    ground = fill(database, name="Followed", waiting=10_000, several=False)
    with web_server(place, url) as port, worker(place, url):
        follower = following.make_follower(database, ground, port)
        shifts = [loop.Shift(port, r.key, 0) for r in ground.reviewers[: following.REVIEWERS]]
        for _ in range(plan.rounds):
            top_up(database, ground)
            for crowd in (1, following.REVIEWERS):
                yield _cell(("feed", 10_000, crowd), following.take_part, [follower, *shifts[:crowd]], plan)
    _verify(database)


def _deliver(place: Place, plan: Plan) -> Iterator[Cell]:
    """Send what is due, beside RQ."""
    with delivering.receiving() as receiver:
        for number in range(plan.rounds):
            load = wait_for_quiet(plan.patience)
            rate = delivering.by_rq(place.redis_url, receiver, jobs=plan.webhooks // 5)
            yield Cell("deliver limit", plan.webhooks // 5, 1, {"deliver_per_second": rate}, load)
            with new_database(place, f"bench_deliver_{number}") as url, opened(url) as database:
                delivering.fill_outbox(database, receiver.url, webhooks=plan.webhooks)
                receiver.begin_anew()
                load = wait_for_quiet(plan.patience)
                with worker(place, url):
                    rate = receiver.per_second(plan.webhooks)
                yield Cell("deliver", plan.webhooks, 1, {"deliver_per_second": rate}, load)
                _verify(database)


def _resume(place: Place, plan: Plan, url: str, database: Database) -> Iterator[Cell]:
    """Submit and go on with what was decided, beside LangGraph; then weigh the processes that did it."""
    key = intake.make_sender(database)
    if "resume" in plan.suites:
        with bare_flask(url) as port:
            bare = [resuming.Program(port, "none", resuming.submit_some(port))] * resuming.PROGRAMS
            for _ in range(plan.rounds):
                yield _cell(("resume flask", 0, len(bare)), resuming.submit_and_resume, bare, plan)
    with web_server(place, url) as port, worker(place, url):
        decided = resuming.decide_some(port, key, intake.make_reviewer(database))
        programs = [resuming.Program(port, key, decided)] * resuming.PROGRAMS
        resuming.prepare(url)
        for _ in range(plan.rounds):
            if "resume" in plan.suites:
                graphs = [resuming.Graph(url)] * resuming.PROGRAMS
                yield _cell(("resume limit", 0, len(graphs)), resuming.submit_and_resume, graphs, plan)
            yield _cell(("resume", 0, len(programs)), resuming.submit_and_resume, programs, plan)
            if "memory" in plan.suites:
                yield Cell("memory", 0, 1, {"pss_mib": footprint.pss_mib()})
    _verify(database)


def _with_backlog(place: Place, plan: Plan, url: str, database: Database, waiting: int) -> Iterator[Cell]:
    one = fill(database, name="One queue", waiting=waiting, several=False)
    loops = [(suite, beats) for suite, beats in (("loop", 0), ("beats", 2)) if suite in plan.suites]
    if loops:
        with web_server(place, url) as port:
            for _ in range(plan.rounds):
                for suite, beats in loops:
                    for reviewers in plan.reviewers:
                        top_up(database, one)
                        shifts = [loop.Shift(port, r.key, beats) for r in one.reviewers[:reviewers]]
                        yield _cell((suite, waiting, reviewers), loop.review, shifts, plan)
        _verify(database)
        top_up(database, one)
    grounds = {"claim": one}
    if "several" in plan.suites and waiting <= SEVERAL_AT_MOST:
        grounds["several"] = fill(database, name="Several queues", waiting=waiting, several=True)
    bare = limit.Bare(url, waiting)
    if "limit" in plan.suites:
        limit.make_bare(bare)
    for _ in range(plan.rounds):
        for reviewers in plan.reviewers:
            if "limit" in plan.suites:
                lanes = [bare] * min(claiming.CONNECTIONS, reviewers)
                yield _cell(("limit", waiting, reviewers), limit.claim_bare, lanes, plan)
            for suite, ground in grounds.items():
                if suite in plan.suites:
                    orders = claiming.orders(url, ground, reviewers)
                    yield _cell((suite, waiting, reviewers), claiming.claim, orders, plan)


def _intake(place: Place, plan: Plan, url: str, database: Database) -> Iterator[Cell]:
    """Submit one by one and in batches, each beside its bare limit; nothing waits at first."""
    key = intake.make_sender(database)
    if "submit" in plan.suites:
        with bare_flask(url) as port:
            for _ in range(plan.rounds):
                for many in plan.connections:
                    streams = [intake.Stream(port, "none")] * many
                    yield _cell(("submit flask", 0, many), intake.submit_one_by_one, streams, plan)
    with web_server(place, url) as port:
        stream, keyed = intake.Stream(port, key), intake.Stream(port, key, keyed=True)
        for _ in range(plan.rounds):
            for many in plan.connections if "submit" in plan.suites else ():
                yield _cell(("submit limit", 0, many), intake.insert_bare, [url] * min(many, intake.LANES), plan)
                yield _cell(("submit", 0, many), intake.submit_one_by_one, [stream] * many, plan)
                yield _cell(("submit keyed", 0, many), intake.submit_one_by_one, [keyed] * many, plan)
            if "batch" in plan.suites:
                yield _cell(("batch limit", 0, 1), intake.copy_bare, [url], plan)
                streams = [stream] * intake.BATCH_CONNECTIONS
                yield _cell(("batch", 0, len(streams)), intake.submit_batches, streams, plan)
    _verify(database)


def _cell(place: tuple[str, int, int], work: Work, orders: Sequence[Any], plan: Plan) -> Cell:
    load = wait_for_quiet(plan.patience)
    return Cell(*place, figures(*let_work(work, orders, seconds=plan.seconds)), load)


def _verify(database: Database) -> None:
    """Look at what the loops left as `proofdesk verify` does.

    Raises:
        RuntimeError: a promise is broken.
    """
    with database.unit_of_work() as session:
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        broken = check_invariants(session)
    if broken:
        raise RuntimeError(f"{len(broken)} broken promises, the first: {broken[0]}")


def _snapshot(plan: Plan, url: str, database: Database) -> Iterator[Cell]:
    """Claim with and without an old snapshot held open, as a report or a backup holds one."""
    ground = fill(database, name="Snapshot", waiting=plan.snapshot_waiting, several=False)
    for suite in ("snapshot closed", "snapshot open"):
        for reviewers in (8,) if 8 in plan.reviewers else plan.reviewers[:1]:
            top_up(database, ground)
            orders = claiming.orders(url, ground, reviewers)
            load = wait_for_quiet(plan.patience)
            with limit.connect(url) as reader:
                if suite == "snapshot open":
                    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
                    reader.execute("SELECT count(*) FROM queues")
                tallies, span = let_work(claiming.claim, orders, seconds=plan.snapshot_seconds)
            found = figures(tallies, span)
            late = plan.snapshot_seconds * 11 / 12
            in_last = sum(1 for tally in tallies for end in tally.ended["claim"] if end >= late)
            found["claim_last_per_second"] = in_last / (plan.snapshot_seconds - late)
            yield Cell(suite, plan.snapshot_waiting, reviewers, found, load)
