"""The database: declarative base, engine, and the unit of work that commits.

One unit of work is one transaction. It alone commits, it hands the collected jobs on after the commit and drops
them on a rollback. Services flush and never commit. No engine may cross a fork: make one per process.
Called by the edge, the workers and the command line.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
from sqlalchemy import DateTime, Engine, MetaData, create_engine, event, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

from app.kernel.clock import monotonic_ms
from app.kernel.jobs import Job, take_jobs
from app.kernel.sealing import Vault, keep_vault

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}

# A request that waits longer than this is better refused with Retry-After than left holding a connection.
# Statements are not compiled (jit): where PostgreSQL has LLVM it takes a second and more of processor time over plans
# that it thinks costly, and ours run for milliseconds.
CONNECT_SETTINGS: Final = {
    "timezone": "UTC",
    "statement_timeout": 10_000,
    "lock_timeout": 5_000,
    "idle_in_transaction_session_timeout": 15_000,
    "jit": "off",
}
# A connection that rested longer than this is asked whether it still lives before it is lent again.
REST_MS: Final = 1_000
DEADLOCK_STATES: Final = frozenset({"40001", "40P01"})


class Base(DeclarativeBase):
    """Base of every table; constraints get predictable names so that migrations can speak of them."""

    metadata = MetaData(naming_convention=NAMING)


def instant() -> DateTime:
    """Return the column type of every `_at`: a timestamp with time zone."""
    return DateTime(timezone=True)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def make_engine(url: str, *, pool_size: int = 4, max_overflow: int = 0, pool_timeout: float = 5.0) -> Engine:
    """Return an engine for this process: a small pool that checks a connection that has rested before it lends it.

    Args:
        url: A PostgreSQL URL; `postgresql://` means psycopg.
        pool_size: Connections kept open.
        max_overflow: Connections above `pool_size` under load.
        pool_timeout: Seconds to wait for a free connection.
    """
    options = " ".join(f"-c {name}={value}" for name, value in CONNECT_SETTINGS.items())
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=max_overflow,
        pool_timeout=pool_timeout,
        pool_recycle=300,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={"options": options, "connect_timeout": 5},
    )
    _check_what_rested(engine)
    return engine


def _check_what_rested(engine: Engine) -> None:
    """Ask a connection before it is lent whether it still lives, unless it answered a moment ago.

    To ask each time would cost a busy process a round trip a request; a server that went away within that moment is
    noticed by the request itself, which is answered that the database is away.
    """

    @event.listens_for(engine, "checkin")
    def note(_connection: Any, entry: Any) -> None:
        entry.info["used_ms"] = monotonic_ms()

    @event.listens_for(engine, "checkout")
    def check(connection: Any, entry: Any, _fairy: Any) -> None:
        used_ms = entry.info.get("used_ms")
        if used_ms is None or monotonic_ms() - used_ms <= REST_MS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


class Database:
    """An engine, the vault of its secrets, and where its jobs go after a commit.

    Args:
        engine: This process's engine.
        vault: Seals and opens what models and people wrote.
        send: Hands jobs to the carrier; it may fail silently, because due rows are found by the sweeper too.
    """

    def __init__(self, engine: Engine, vault: Vault, send: Callable[[list[Job]], None]) -> None:
        self.engine = engine
        self._vault = vault
        self._send = send
        self._sessions = sessionmaker(engine, expire_on_commit=False)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Yield a session; commit when the block ends well, roll back when it raises, then send the jobs."""
        with self._sessions() as session:
            keep_vault(session, self._vault)
            with session.begin():
                yield session
            jobs = take_jobs(session)
        if jobs:
            self._send(jobs)


def lost_a_deadlock(error: OperationalError) -> bool:
    """Say whether PostgreSQL chose this transaction as a victim, so that the same work may be tried again."""
    return getattr(error.orig, "sqlstate", None) in DEADLOCK_STATES


_LOCK_NAME: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_SHARE_NAME: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_TRY_LOCK_NAME: Final = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")


def lock_name(session: Session, name: str) -> None:
    """Hold a lock on a name until this transaction ends; whoever asks for the same name waits.

    Two names may share a lock by accident (64 bits of a hash); that costs a wait and nothing else.
    """
    session.execute(_LOCK_NAME, {"name": name})


def share_name(session: Session, name: str) -> None:
    """Hold a lock on a name beside others who share it, until this transaction ends; whoever wants it alone waits."""
    session.execute(_SHARE_NAME, {"name": name})


def try_lock_name(session: Session, name: str) -> bool:
    """Hold a lock on a name until this transaction ends, unless somebody else holds it; say whether it is held."""
    held: bool = session.scalar(_TRY_LOCK_NAME, {"name": name})
    return held
