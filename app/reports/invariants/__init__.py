"""The promises of a live system, looked at from outside: what is stored must tell one story.

Read-only and set-based: a number of queries that does not grow with the number of rows. The caller sets the snapshot
(repeatable read), or what is written meanwhile looks like a breach. Called by `proofdesk verify` and the tests.
"""

from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.kernel.clock import read_now
from app.reports.invariants.adjustments import check_adjustments
from app.reports.invariants.check import Violation
from app.reports.invariants.contents import check_contents
from app.reports.invariants.costs import check_costs
from app.reports.invariants.feed import check_feed
from app.reports.invariants.handover import check_handover
from app.reports.invariants.reviews import check_reviews
from app.reports.invariants.secrets import check_secrets
from app.reports.invariants.tenants import check_tenants
from app.reports.invariants.time import check_time
from app.reports.invariants.trail import check_trail
from app.reports.invariants.votes import check_votes

_LOOPS: Final = text("SELECT set_config('enable_nestloop', :on, true)")

__all__ = ["Violation", "check_invariants"]


def check_invariants(session: Session) -> list[Violation]:
    """Return every broken promise in this database, of all workspaces; none when all is well.

    The session needs its vault, because the stored bodies are opened.
    """
    # Every check reads whole tables. Where one was filled a moment ago and not counted yet, the planner takes it for
    # small and goes through it again for each row of another: minutes in place of milliseconds.
    session.execute(_LOOPS, {"on": "off"})
    broken = [
        *check_contents(session),
        *check_secrets(session),
        *check_reviews(session),
        *check_votes(session),
        *check_trail(session),
        *check_handover(session, now=read_now(session)),
        *check_feed(session),
        *check_time(session),
        *check_costs(session),
        *check_adjustments(session),
        *check_tenants(session),
    ]
    session.execute(_LOOPS, {"on": "on"})
    return broken
