"""A database clock that stands still until it is told to move, so that hours pass in no time and nothing is guessed.

`clock_timestamp()` and `now()` are found in a schema of the test's own, before those of PostgreSQL; what is written
with a qualified name or as CURRENT_TIMESTAMP would go past it. Made inside the transaction of a test and gone with it.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, text

START: Final = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_SCHEMA: Final = """
CREATE SCHEMA still_clock;
CREATE FUNCTION still_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT current_setting('still_clock.at')::timestamptz $$;
CREATE FUNCTION still_clock.now() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS $$ SELECT current_setting('still_clock.at')::timestamptz $$;
SET LOCAL search_path = still_clock, public, pg_catalog;
"""


class StillClock:
    """The clock of one open transaction; `at` is what it shows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.at = START
        connection.exec_driver_sql(_SCHEMA)
        self.set(START)

    def set(self, at: datetime) -> None:
        """Show this time from now on."""
        self.at = at
        self._connection.execute(text("SELECT set_config('still_clock.at', :at, true)"), {"at": at.isoformat()})

    def pass_time(self, seconds: float) -> None:
        """Let this much time pass at once."""
        self.set(self.at + timedelta(seconds=seconds))
