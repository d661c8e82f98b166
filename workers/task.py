"""What a task works with, and how one is run.

A task is handed its tools, opens short units of work from them, and leaves a log line. It never holds a transaction
while it talks to somebody else. Used by every module of this package.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import Protocol

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.delivery.rules.retries import Answer
from app.kernel.clock import monotonic_ms, read_now
from app.kernel.db import Database
from app.notifications.rules.retries import Tried
from app.notifications.rules.wording import Letter

_log = structlog.get_logger(__name__)


class Sender(Protocol):
    """Posts one body to one URL and says what came of it; never raises."""

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post once."""


class Mailer(Protocol):
    """Sends one mail and says what came of it; never raises."""

    def __call__(self, letter: Letter) -> Tried:
        """Send once."""


def _nobody_waits(_topics: Iterable[str]) -> None:
    pass


@dataclass(frozen=True)
class Tools:
    """What the tasks of one process share.

    `stop` is set when the process is to end: nothing new is begun. The others wake the loop of their name.
    `ring` wakes requests that wait for these topics. Without a `mailer` this installation sends no mail. Links in
    messages begin with `base_url`.
    """

    database: Database
    sender: Sender
    mailer: Mailer | None = None
    base_url: str = "http://127.0.0.1:8080"
    ring: Callable[[Iterable[str]], None] = _nobody_waits
    stop: Event = field(default_factory=Event)
    look_for_deliveries: Event = field(default_factory=Event)
    look_for_claims: Event = field(default_factory=Event)
    look_for_loads: Event = field(default_factory=Event)
    look_for_news: Event = field(default_factory=Event)
    look_for_items: Event = field(default_factory=Event)
    look_for_contents: Event = field(default_factory=Event)
    look_for_entries: Event = field(default_factory=Event)
    look_for_events: Event = field(default_factory=Event)

    def end(self) -> None:
        """Begin nothing new, and end every pause."""
        self.stop.set()
        self.look_for_deliveries.set()
        self.look_for_claims.set()
        self.look_for_loads.set()
        self.look_for_news.set()
        self.look_for_items.set()
        self.look_for_contents.set()
        self.look_for_entries.set()
        self.look_for_events.set()

    @contextmanager
    def unit_of_work(self) -> Iterator[tuple[Session, datetime]]:
        """Yield a session and the database's time; commit when the block ends well."""
        with self.database.unit_of_work() as session:
            yield session, read_now(session)


Work = Callable[..., object]


def run_task(name: str, work: Work, tools: Tools, ids: tuple[str, ...] = ()) -> None:
    """Run one task and log what it took. What it raises goes on to the caller."""
    start_ms = monotonic_ms()
    result = work(tools, *ids)
    _log.debug("task done", task=name, ids=ids, result=result, duration_ms=monotonic_ms() - start_ms)


def is_alone(session: Session, name: str) -> bool:
    """Say whether this transaction is the only one of the whole installation that does the work of this name.

    The lock belongs to the transaction and ends with it: a session's lock would leak through a connection pooler.
    """
    alone: bool = session.scalar(select(func.pg_try_advisory_xact_lock(func.hashtextextended(f"alone {name}", 0))))  # type: ignore[assignment]  # never NULL
    return alone
