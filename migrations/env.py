"""Runs the numbered steps: one transaction per step, short lock waits, one migrator at a time."""

from alembic import context
from sqlalchemy import Connection, create_engine, text

from migrations.models import metadata

# Any number will do as long as every migrator of this product asks for the same one.
MIGRATOR_LOCK = 7_305_150_115


def _run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": MIGRATOR_LOCK})
    connection.execute(text("SET lock_timeout = '2s'"))
    connection.execute(text("SET statement_timeout = '60s'"))
    connection.commit()
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": MIGRATOR_LOCK})
    connection.commit()


def _main() -> None:
    engine = create_engine(context.config.attributes["url"])
    try:
        with engine.connect() as connection:
            _run(connection)
    finally:
        engine.dispose()


_main()
