"""Derive what is paid by the item anew from verdicts and rates, and say where it differs from what is posted.

A verdict has its entry when its rate is by the item; one that was taken back before it was final has it reversed.
Called where the ledger is derived anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.costs.models import PieceEntry
from app.costs.rules import Rate, piece_cost, rate_at
from app.reports.payees import Payees
from app.review.models import Decision, Vote

_BATCH: Final = 1_000

# When the verdict was handed in, and the card, the currency and the amount.
Piece = tuple[datetime, UUID, str, Decimal]


def find_piece_differences(
    session: Session, cards: Mapping[UUID, Sequence[Rate]], payees: Payees
) -> Iterator[tuple[UUID, str]]:
    """Yield each claim whose piece entries are not what its verdict and the rates come to, with what is wrong.

    Args:
        cards: The rates of each workspace.
    """
    posted = _posted(session)
    by_the_item = [one for one, rates in cards.items() if any(rate.unit == "item" for rate in rates)]
    taken_back = set(session.scalars(select(Decision.claim_id).where(Decision.undone_at.is_not(None))))

    votes = select(Vote.claim_id, Vote.workspace_id, Vote.person_id, Vote.at).where(Vote.workspace_id.in_(by_the_item))
    for claim_id, workspace_id, person_id, at in session.execute(votes.execution_options(yield_per=_BATCH)):
        rate = rate_at(cards[workspace_id], payees(workspace_id, person_id), at, at)
        amount = None if rate is None else piece_cost(rate)
        due: list[Piece] = [] if rate is None or amount is None else [(at, rate.id, rate.currency, amount)]
        if rate is not None and amount is not None and claim_id in taken_back:
            due.append((at, rate.id, rate.currency, -amount))
        if posted.pop(claim_id, []) != due:
            yield claim_id, "the item of its verdict is paid otherwise than its rates say"
    for claim_id in posted:
        yield claim_id, "an item is paid for which there is no verdict"


def _posted(session: Session) -> dict[UUID, list[Piece]]:
    found: dict[UUID, list[Piece]] = {}
    pieces = select(PieceEntry).order_by(PieceEntry.posted_at, PieceEntry.reverses_id.is_not(None))
    for piece in session.scalars(pieces):
        mine = (piece.at, piece.rate_card_id, piece.currency, piece.amount)
        found.setdefault(piece.claim_id, []).append(mine)
    return found
