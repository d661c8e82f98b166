"""What a person's time costs, looked at so that it holds until the commit. Called by whoever posts time or mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.costs.queries import closed_until, payee_of, rates_for
from app.costs.rules import Payee, Rate
from app.identity.rules import prices_lock
from app.kernel.clock import read_now
from app.kernel.db import share_name


@dataclass(frozen=True)
class Priced:
    """How a person is paid, the rates that may hold for her, and when that was looked at: whatever is posted now.

    `closed_until` is the instant before which the books are closed, or None.
    """

    at: datetime
    payee: Payee
    rates: Sequence[Rate]
    closed_until: datetime | None


def look_at_prices(session: Session, *, workspace_id: UUID, person_id: UUID) -> Priced:
    """Share the lock on prices, and return what time of a person costs; nobody changes that until the commit."""
    share_name(session, prices_lock(workspace_id))
    at, hers = read_now(session), {"workspace_id": workspace_id, "person_id": person_id}
    rates = rates_for(session, **hers, known_at=at)
    # Terms decide nothing where no rate goes by them, and most places have none that does.
    by_terms = any(rate.role is not None or rate.vendor is not None for rate in rates)
    payee = payee_of(session, **hers) if by_terms else Payee(person_id)
    return Priced(at, payee, rates, closed_until(session, workspace_id=workspace_id))
