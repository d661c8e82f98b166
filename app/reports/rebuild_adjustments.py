"""Price anew the lines that adjustments put in the books, and say which differ. Called where all is derived anew.

Their times are somebody's word, which no beat can prove; that each is what was granted is a check of a live system.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.adjustments.models import AdjustingEntry
from app.adjustments.rules import PricedTime, priced
from app.costs.rules import Rate, rate_at
from app.reports.payees import Payees

_BATCH: Final = 1_000


def find_adjusting_differences(
    session: Session, cards: Mapping[UUID, Sequence[Rate]], payees: Payees
) -> Iterator[tuple[UUID, str]]:
    """Yield each new line whose price is not what the rates known at its posting come to, with what is wrong."""
    new = AdjustingEntry.reverses_time_entry_id.is_(None), AdjustingEntry.reverses_entry_id.is_(None)
    for entry in session.scalars(select(AdjustingEntry).where(*new).execution_options(yield_per=_BATCH)):
        hers = payees(entry.workspace_id, entry.person_id)
        right = priced(entry.at, entry.ms, rate_at(cards.get(entry.workspace_id, ()), hers, entry.at, entry.posted_at))
        stored = PricedTime(entry.at, entry.ms, entry.rate_card_id, entry.currency, entry.amount, entry.unpriced_ms)
        if stored != right:
            yield entry.id, "is priced otherwise than its rates say"
