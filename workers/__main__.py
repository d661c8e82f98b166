"""One working process: `python -m workers ROLE PARENT_PID`, with the settings as JSON on standard input.

Makes this process's tools and runs the listener, the sweeper or the sequencer until SIGTERM or SIGINT, or until the
parent dies. Started by the runner.
"""

import json
import logging
import os
import signal
import sys
from functools import partial
from typing import Any, Final

from app.adapters.http_sender import HttpSender
from app.adapters.mail import make_mailer
from app.adapters.redis_bell import connect, ring
from app.adapters.rq_jobs import RqCarrier
from app.kernel.db import Database, make_engine
from app.kernel.leash import die_with_parent
from app.kernel.sealing import Vault
from app.logs import configure
from app.settings import Settings
from workers.listener import listen
from workers.sequencer import put_in_order
from workers.sweeper import sweep
from workers.task import Tools

# A little less than the parent's patience.
STOP_WITHIN_SECONDS: Final = 9.0
# Whatever would be a fifth thing at once waits a moment for its connection.
_POOL_SIZE: Final = 4


def _read_settings(document: bytes) -> Settings:
    values: dict[str, Any] = json.loads(document)
    lists = {name: tuple(values[name]) for name in ("allowed_hosts", "secret_key_fallbacks")}
    return Settings(**{**values, **lists})


def make_tools(settings: Settings) -> Tools:
    """Return the tools of one process; its engine connects when first used."""
    engine = make_engine(settings.database_url, pool_size=_POOL_SIZE)
    vault = Vault(settings.secret_key, settings.secret_key_fallbacks)
    database = Database(engine, vault, RqCarrier(settings.redis_url).send)
    return Tools(
        database,
        HttpSender(allow_private=settings.allow_private_endpoints),
        mailer=make_mailer(settings.smtp_url, settings.mail_from),
        base_url=settings.base_url,
        ring=partial(ring, connect(settings.redis_url)),
    )


def main(role: str, parent_pid: int) -> None:
    """Work in this role until told to end."""
    # An orphan gets SIGTERM, so that it still records what it has sent.
    die_with_parent(signal.SIGTERM, parent_pid=parent_pid)
    settings = _read_settings(sys.stdin.buffer.read())
    configure(settings.log_level)
    # It would write a stranger's malformed headers into the log; our own line about the try says enough.
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    tools = make_tools(settings)
    if role == "listener":
        in_time = listen(tools, settings.redis_url, stop_within_seconds=STOP_WITHIN_SECONDS)
    elif role == "sequencer":
        in_time = put_in_order(tools, stop_within_seconds=STOP_WITHIN_SECONDS)
    else:
        in_time = sweep(tools, stop_within_seconds=STOP_WITHIN_SECONDS)
    if not in_time:
        # Threads that still wait for an endpoint would hold up an orderly exit.
        os._exit(1)
    tools.database.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
