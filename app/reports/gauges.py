"""How the installation does, as numbers for whoever watches it: what waits, and how late each part is.

Over all workspaces, counts and seconds only; nothing that a program, a model or a person wrote. Each number comes from
an index or from a table that is kept small. Called by the metrics call.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.audit.queries import sealing_lag


@dataclass(frozen=True)
class Gauge:
    """One number: its name without the product's, what it says, and its value."""

    name: str
    text: str
    value: float


_NUMBERS: Final = text("""
SELECT (SELECT coalesce(sum(waiting), 0) FROM queue_loads) AS waiting,
       (SELECT count(*) FROM claims WHERE ended_at IS NULL) AS live_claims,
       (SELECT count(*) FROM deliveries WHERE state = 'due' AND next_attempt_at <= :now) AS due,
       (SELECT min(next_attempt_at) FROM deliveries WHERE state = 'due') AS due_since,
       (SELECT count(*) FROM endpoints WHERE resting_until > :now AND disabled_at IS NULL) AS resting,
       (SELECT min(due_at) FROM feed_entries WHERE seq IS NULL) AS unnumbered_since,
       (SELECT min(wake_at) FROM items WHERE state IN ('waiting', 'reserved', 'claimed', 'held')) AS wake_at
""")


def read_gauges(session: Session, *, now: datetime) -> list[Gauge]:
    """Return every number as it is now."""
    found = session.execute(_NUMBERS, {"now": now}).one()
    lag = sealing_lag(session, now=now)

    def late(at: datetime | None) -> float:
        return 0.0 if at is None else max(0.0, (now - at).total_seconds())

    return [
        Gauge("items_waiting", "Items in line, as last counted", float(found.waiting)),
        Gauge("claims_live", "Items that somebody has at work", float(found.live_claims)),
        Gauge("deliveries_due", "Webhooks that should be sent now", float(found.due)),
        Gauge("deliveries_late_seconds", "How long the oldest due webhook has waited", late(found.due_since)),
        Gauge("endpoints_resting", "Endpoints that are left alone because they fail", float(found.resting)),
        Gauge("feed_late_seconds", "How long a final decision has waited for its number", late(found.unnumbered_since)),
        Gauge("trail_lag_seconds", "Age of the oldest event without a seal", lag.total_seconds()),
        Gauge("timers_late_seconds", "How long ago an item should have been looked at", late(found.wake_at)),
    ]
