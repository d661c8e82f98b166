"""Claims through the service, straight on the database: what the queue itself costs, without HTTP.

Each connection serves its share of the reviewers in turn, because the service works with few connections. A claim is
timed from the call to the end of its commit, and for a reviewer who waits for her turn, from when she wanted it. What
was claimed is then put at the end of its line, untimed, so that as many wait at the end of a run as at its start.
"""

import time
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import text

from app.audit.rules import Actor
from app.kernel.db import Database
from app.review.service import take_item
from bench.crowd import Span, Tally, wait_until
from bench.fill import Ground, Reviewer
from bench.place import opened

CONNECTIONS: Final = 8
PUT_BACK: Final = text("""
WITH ended AS (
  UPDATE claims SET ended_at = clock_timestamp(), outcome = 'released' WHERE id = :claim RETURNING item_id
)
UPDATE items SET state = 'waiting', version = version + 1, sort_key = sort_key + :behind
  FROM ended WHERE items.id = ended.item_id
""")


@dataclass(frozen=True)
class Claimants:
    """The reviewers whom one connection serves."""

    database_url: str
    workspace_id: UUID
    reviewers: tuple[Reviewer, ...]
    behind: int


def orders(database_url: str, ground: Ground, reviewers: int) -> list[Claimants]:
    """Return what each process has to do for so many reviewers."""
    chosen = ground.reviewers[:reviewers]
    lanes = min(CONNECTIONS, reviewers)
    return [Claimants(database_url, ground.workspace_id, chosen[lane::lanes], ground.waiting) for lane in range(lanes)]


def claim(order: Claimants, span: Span) -> list[Tally]:
    """Claim and put back until the span ends."""
    tallies = [Tally() for _ in order.reviewers]
    with opened(order.database_url) as database:
        with database.unit_of_work() as session:
            session.execute(text("SELECT 1"))
        wait_until(span.begins)
        wanted_at = [span.begins] * len(tallies)
        turn = 0
        while time.monotonic() < span.ends:
            mine = turn % len(tallies)
            claimed = _claim(database, order, order.reviewers[mine])
            ended = time.monotonic()
            if claimed is None:
                tallies[mine].empty += 1
            else:
                tallies[mine].note("claim", span, wanted_at[mine], ended)
                with database.unit_of_work() as session:
                    session.execute(PUT_BACK, {"claim": claimed, "behind": order.behind})
            # The time to put an item back is the run's own, nobody waits for it.
            spent = time.monotonic() - ended
            wanted_at = [at + spent for at in wanted_at]
            wanted_at[mine] = time.monotonic()
            turn += 1
    return tallies


def _claim(database: Database, order: Claimants, reviewer: Reviewer) -> UUID | None:
    with database.unit_of_work() as session:
        taken = take_item(
            session,
            actor=Actor("person", reviewer.person_id),
            workspace_id=order.workspace_id,
            person_id=reviewer.person_id,
            channel="api",
        )
        return taken[0].id if isinstance(taken, tuple) else None
