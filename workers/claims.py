"""End the claims whose lease has run out, so that their items wait for somebody else.

Run by the sweeper when the next lease ends. Safe to run twice and anywhere; one place at a time does it.
"""

from typing import Final

from app.review.service import expire_claims
from workers.task import Tools, is_alone

# A reviewer who decides just then waits for the end of the transaction that has her item locked, so each is short.
_BATCH: Final = 10


def expire(tools: Tools) -> int:
    """Expire every claim that is due; return how many."""
    expired = 0
    while not tools.stop.is_set():
        # Leases are compared with the database's clock after each lock, not with the beginning of this work.
        with tools.unit_of_work() as (session, _):
            ended = expire_claims(session=session, limit=_BATCH) if is_alone(session, "claims") else 0
        expired += ended
        if not ended:
            break
    return expired
