"""Reviewers whose processes are killed and whose leases run out: no item at two people at once, none lost."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from app.kernel.db import Database
from app.queue.models import Claim, Item
from app.reports.invariants.check import find
from app.reports.invariants.reviews import CLAIM_INTERVALS, LIVE_CLAIMS, TOKENS
from app.review.models import Decision
from app.submissions.models import Submission
from tests.conftest import SECRET
from tests.factories.work import add_items
from tests.races.claimer import Shift, claim_only, work
from tests.races.conftest import add_people
from tests.races.crowd import assert_sound

CLAIMERS = 64
PROCESSES = 4
LEASE_MS = 700
PATIENCE_SECONDS = 10_800  # a million claims take their time

Work = Callable[[Shift], None]


def start(shift: Shift, work: Work) -> BaseProcess:
    """Start a process of reviewers from a clean one, which has no engine and no threads to inherit."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.races.claimer"])
    process = context.Process(target=work, args=(shift,), daemon=True)
    process.start()
    return process


def play(shifts: list[Shift], work: Work, *, kills: int, every_seconds: float, patience_seconds: float = 300) -> int:
    """Run all shifts to their end; kill one of them now and then and start it anew. Return the kills made."""
    draw, killed = random.Random(11), 0  # noqa: S311  # a seed, so that a failure can be run again
    running = {n: start(shift, work) for n, shift in enumerate(shifts)}
    deadline = time.monotonic() + patience_seconds
    try:
        while running:
            assert time.monotonic() < deadline, "took too long"
            n = draw.choice(sorted(running))
            running[n].join(every_seconds / 2 + draw.random() * every_seconds)
            if running[n].is_alive() and killed < kills:
                running[n].kill()
                running[n].join()
                killed += 1
                running[n] = start(shifts[n], work)
            for done in [m for m, process in running.items() if not process.is_alive()]:
                assert running[done].exitcode == 0, f"a process of reviewers failed: {running[done].exitcode}"
                del running[done]
    finally:
        for process in running.values():
            process.kill()
    return killed


@dataclass(frozen=True)
class Crew:
    """A crowded workspace, and what processes of reviewers need to work in it."""

    database: Database
    workspace_id: UUID
    database_url: str
    journal: Path

    def shifts(self, digest: bytes) -> list[Shift]:
        """Return the shifts of 64 people in four processes."""
        people = add_people(self.database, self.workspace_id, CLAIMERS)
        return [
            Shift(
                self.database_url,
                SECRET,
                self.workspace_id,
                tuple(people[n::PROCESSES]),
                digest,
                str(self.journal),
                n * 1_000,
            )
            for n in range(PROCESSES)
        ]

    def told(self, *, acts: int) -> list[list[str]]:
        """Return what the journal tells, which is of no failure and of hardly any refusal among so many acts."""
        lines = self.journal.read_text().splitlines()
        assert [line for line in lines if line.startswith("failed")] == []
        assert lines.count("refused") <= acts // 100
        return [line.split() for line in lines if line != "refused"]


@pytest.fixture
def crew(crowded: Database, acme: UUID, database_url: str, tmp_path: Path) -> Crew:
    """Acme, ready for processes."""
    return Crew(crowded, acme, database_url, tmp_path / "journal")


@pytest.mark.parametrize(("items", "kills"), [(1_000, 10), pytest.param(10_000, 150, marks=pytest.mark.soak)])
def test_64_claimers_that_crash_take_none_twice_and_lose_none(crew: Crew, items: int, kills: int) -> None:
    with crew.database.unit_of_work() as session:
        add_items(session, crew.workspace_id, items)
        session.execute(update(Item).values(claim_ms=LEASE_MS))
        digest = session.scalars(select(Submission.content_sha256).distinct()).one()
    killed = play(crew.shifts(digest), work, kills=kills, every_seconds=0.8)
    # With less to do than expected the last kills find nobody; a race without any would show nothing.
    assert killed > kills // 2

    with crew.database.unit_of_work() as session:
        decided = {str(item_id) for item_id in session.scalars(select(Decision.item_id))}
        claims = {(str(c.item_id), str(c.token)): c for c in session.scalars(select(Claim))}
        assert session.scalars(select(Item.state).distinct()).all() == ["decided"]
    assert len(decided) == items
    assert any(claim.outcome == "expired" for claim in claims.values())
    told = crew.told(acts=len(claims))
    # What was answered after a commit is still so: the same person has that claim, and each decision stands once.
    assert all(str(claims[item, token].person_id) == person for _, item, token, person in told)
    acknowledged = Counter(item for word, item, _, _ in told if word == "decided")
    assert set(acknowledged.values()) == {1}
    assert set(acknowledged) <= decided
    assert_sound(crew.database)


@pytest.mark.parametrize(("claims", "kills"), [(4_000, 6), pytest.param(1_000_000, 500, marks=pytest.mark.soak)])
def test_no_item_is_ever_at_two_people(crew: Crew, claims: int, kills: int) -> None:
    with crew.database.unit_of_work() as session:
        add_items(session, crew.workspace_id, 300)
        session.execute(update(Item).values(claim_ms=200))
    shifts = [replace(shift, claims=claims) for shift in crew.shifts(b"")]
    killed = play(shifts, claim_only, kills=kills, every_seconds=0.5, patience_seconds=300 + claims / 100)
    assert killed > kills // 2
    assert crew.told(acts=claims) == []
    with crew.database.unit_of_work() as session:
        assert (session.scalar(select(func.count()).select_from(Claim)) or 0) >= claims
        assert [breach for check in (TOKENS, LIVE_CLAIMS, CLAIM_INTERVALS) for breach in find(session, check)] == []
        # None was lost on the way either: each waits, or somebody has it.
        assert (
            session.scalar(select(func.count()).select_from(Item).where(Item.state.in_(("waiting", "claimed")))) == 300
        )
