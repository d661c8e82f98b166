"""The schema's version: bring a database up to date, or say where it stands.

Called by `proofdesk migrate`, `proofdesk up`, the readiness check and the tests.
"""

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

_MIGRATIONS = Path(__file__).resolve().parent.parent.parent / "migrations"


def _config(url: str | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = url
    return config


def upgrade(url: str) -> None:
    """Run every step that this database has not seen. Safe to run from several places at once."""
    command.upgrade(_config(url), "head")


def newest_step() -> str:
    """Return the number of the newest step that this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None, "the migrations have one head"  # noqa: S101  # a test holds this
    return head


def is_recent(step: str | None) -> bool:
    """Say whether this code may run at a step: its newest, or one that it does not know.

    Steps only add, and they run before the code that needs them is started. So a step that is unknown here belongs to
    newer code, and the code that runs stays good until it is replaced.
    """
    return step is not None and (step not in _older_steps())


@cache
def _older_steps() -> frozenset[str]:
    steps = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return frozenset(steps - {newest_step()})


def current_step(connection: Connection) -> str | None:
    """Return the step that the database stands at, or None before the first."""
    if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    step: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return step
