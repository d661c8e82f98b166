"""Find the installation that a command is about: the one the environment names, else the private one that runs here."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from app.adapters.rq_jobs import RqCarrier
from app.embedded.data_dir import default_data_dir, make_secret_key, require_running
from app.kernel.db import Database, make_engine
from app.kernel.errors import ServiceError
from app.kernel.sealing import Vault
from app.settings import BadSetting, Settings, environment, read_settings


@dataclass(frozen=True)
class Connection:
    """A command's way to the installation."""

    database: Database
    settings: Settings


def data_dir(values: dict[str, str]) -> Path:
    """Return where a private installation keeps its data."""
    return Path(values["PROOFDESK_DATA_DIR"]) if values.get("PROOFDESK_DATA_DIR") else default_data_dir()


def complete(values: dict[str, str]) -> dict[str, str]:
    """Fill in what the environment leaves out from the private installation that runs here.

    Raises:
        NotRunning: something is missing and none runs.
    """
    if all(values.get(name) for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")):
        return values
    folder = data_dir(values)
    running = require_running(folder)
    found = {
        "DATABASE_URL": running.database_url,
        "REDIS_URL": running.redis_url,
        "PROOFDESK_BASE_URL": running.web_url,
    }
    filled = {name: text for name, text in found.items() if text} | {k: v for k, v in values.items() if v}
    filled.setdefault("SECRET_KEY", make_secret_key(folder))
    return filled


def settings_here() -> Settings:
    """Return the settings of the installation that a command is about.

    Raises:
        click.ClickException: there is none, or a setting is unusable.
    """
    try:
        return read_settings(complete(environment()))
    except (BadSetting, ServiceError) as error:
        raise click.ClickException(str(error)) from error


def open_database(settings: Settings) -> Database:
    """Return the database of a command, which works beside the service."""
    engine = make_engine(settings.database_url, pool_size=2)
    vault = Vault(settings.secret_key, settings.secret_key_fallbacks)
    return Database(engine, vault, RqCarrier(settings.redis_url).send)


@contextmanager
def connect() -> Iterator[Connection]:
    """Yield a connection to the installation, and let go of it afterwards.

    Raises:
        click.ClickException: there is none, or a setting is unusable.
    """
    settings = settings_here()
    database = open_database(settings)
    try:
        yield Connection(database, settings)
    finally:
        database.engine.dispose()
