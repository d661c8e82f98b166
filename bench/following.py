"""How soon a decision is on the feed: reviewers decide, and a program follows the feed beside them.

The worker of `proofdesk worker` runs, as it has to. What counts is the time from the instant at which the decision
became final, which the database gave it before its commit, to the instant at which the follower has read the entry.
"""

import time
from dataclasses import dataclass
from datetime import datetime

from app.audit.rules import COMMAND
from app.identity.service import create_key
from app.kernel.clock import read_now
from app.kernel.db import Database
from bench.crowd import Span, Tally, wait_until
from bench.fill import Ground
from bench.loop import Shift, review
from bench.wire import Wire

REVIEWERS = 8


@dataclass(frozen=True)
class Follower:
    """A program that reads the feed."""

    port: int
    key: str


def make_follower(database: Database, ground: Ground, port: int) -> Follower:
    """Return a follower with a key of its own."""
    with database.unit_of_work() as session:
        now = read_now(session)
        key = create_key(session, now=now, actor=COMMAND, workspace_id=ground.workspace_id, scopes=["read"])
    return Follower(port, key.text)


def take_part(order: Shift | Follower, span: Span) -> list[Tally]:
    """Review, or follow, until the span ends."""
    return review(order, span) if isinstance(order, Shift) else _follow(order, span)


def _follow(order: Follower, span: Span) -> list[Tally]:
    wire, tally, after, more = Wire(order.port, order.key), Tally(), 0, True
    while more:
        # What earlier rounds decided is not news.
        _, page = wire.get(f"/decisions?after={after}&limit=200")
        after, more = page["next_after"], page["has_more"]
    wait_until(span.begins)
    while time.monotonic() < span.ends:
        status, page = wire.get(f"/decisions?after={after}&wait=1&limit=200")
        arrived, clock = time.monotonic(), time.time()  # noqa: TID251  # compared with the database's, of this machine
        if status != 200:
            tally.faults.append(f"follow: {status} {page}")
            break
        for entry in page["data"]:
            late = max(0.0, clock - datetime.fromisoformat(entry["at"]).timestamp())
            tally.note("follow", span, arrived - late, arrived)
        after = page["next_after"]
    wire.close()
    return [tally]
