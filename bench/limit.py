"""The bare limit: one table, one statement, psycopg and nothing else, in the same run as all that it is a limit of.

The same shape as a claim of the service (a claim row is written too, what was claimed goes to the end of the line),
without workspaces, skills, bars, tokens, trail or Python around it.
"""

import time
from dataclasses import dataclass
from typing import Final

import psycopg
from sqlalchemy.engine import make_url

from bench.crowd import Span, Tally, wait_until

MAKE: Final = (
    "CREATE TABLE bare (id bigint PRIMARY KEY, key bigint NOT NULL, state text NOT NULL)",
    "CREATE TABLE bare_claims (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item bigint, at timestamptz)",
    "INSERT INTO bare SELECT n, n, 'waiting' FROM generate_series(1, {waiting}) AS n",
    "CREATE INDEX ON bare (key, id) WHERE state = 'waiting'",
    "ALTER TABLE bare SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0)",
    "VACUUM ANALYZE bare",
)
TAKE: Final = """
WITH taken AS (
  UPDATE bare SET state = 'claimed' WHERE id = (
    SELECT id FROM bare WHERE state = 'waiting' ORDER BY key, id FOR UPDATE SKIP LOCKED LIMIT 1)
  RETURNING id
) INSERT INTO bare_claims (item, at) SELECT id, clock_timestamp() FROM taken RETURNING item
"""
PUT_BACK: Final = "UPDATE bare SET state = 'waiting', key = key + %s WHERE id = %s"


@dataclass(frozen=True)
class Bare:
    """A bare table and how many wait in it."""

    database_url: str
    waiting: int


def connect(database_url: str) -> psycopg.Connection[tuple[int]]:
    """Return a bare connection that commits each statement."""
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(plain, autocommit=True)


def make_bare(bare: Bare) -> None:
    """Make and fill the bare table."""
    with connect(bare.database_url) as connection:
        for statement in MAKE:
            connection.execute(statement.format(waiting=bare.waiting))


def claim_bare(bare: Bare, span: Span) -> list[Tally]:
    """Claim and put back until the span ends."""
    tally = Tally()
    with connect(bare.database_url) as connection:
        connection.execute("SELECT 1")
        wait_until(span.begins)
        while (started := time.monotonic()) < span.ends:
            row = connection.execute(TAKE, prepare=True).fetchone()
            ended = time.monotonic()
            if row is None:
                tally.empty += 1
                continue
            tally.note("claim", span, started, ended)
            connection.execute(PUT_BACK, (bare.waiting, row[0]), prepare=True)
    return [tally]
