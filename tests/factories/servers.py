"""Where the servers of a test run listen."""

from typing import NamedTuple


class Servers(NamedTuple):
    """URLs of a PostgreSQL whose role may create databases, and of a Redis."""

    database_url: str
    redis_url: str
