"""The trail cannot have been changed unseen: every chain follows from its first event on, and none lags behind.

Apart from the other checks, because it reads the whole trail, and because a system without a running sequencer holds
every other promise. Called by the command line.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.queries import count_unsealed, list_chains, read_chain
from app.audit.rules import INSTALLATION, BrokenChain, check_lines
from app.kernel.ids import show
from app.reports.invariants.check import Violation

PATIENCE: Final = timedelta(seconds=60)


def check_chains(session: Session, *, now: datetime) -> Iterator[Violation]:
    """Yield a violation for each chain that is broken, and one if events have waited too long for their seals."""
    for chain in list_chains(session):
        try:
            check_lines(read_chain(session, chain=chain))
        except BrokenChain as error:
            yield Violation("a chain is unbroken", _name(chain), str(error))
    waiting = count_unsealed(session, now=now, older_than=PATIENCE)
    if waiting:
        detail = f"{waiting} have waited for longer than {PATIENCE.seconds} seconds; is a worker running?"
        yield Violation("events are sealed", "trail", detail)


def _name(chain: UUID) -> str:
    return "the installation" if chain == INSTALLATION else show("workspace", chain)
