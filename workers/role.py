"""One working process: makes its own tools and runs the listener, the sweeper or the sequencer.

Runs until SIGTERM or SIGINT, or until the parent dies. Forked by the runner.
"""

import logging
import os
import signal
from functools import partial
from typing import Final

from app.adapters.http_sender import HttpSender
from app.adapters.mail import make_mailer
from app.adapters.redis_bell import connect, ring
from app.adapters.rq_jobs import RqCarrier
from app.kernel.db import Database, make_engine
from app.kernel.leash import die_with_parent, name_process
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


def work(role: str, settings: Settings, parent_pid: int) -> None:
    """Work in this role until told to end. Call it in a process that was just made for it."""
    for number in (signal.SIGTERM, signal.SIGINT):
        # The parent's handlers came along with the fork.
        signal.signal(number, signal.SIG_DFL)
    # An orphan gets SIGTERM, so that it still records what it has sent.
    die_with_parent(signal.SIGTERM, parent_pid=parent_pid)
    name_process(role)
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
