"""The ledger of money: each active entry has one price, each price is the one of its rate card, each cut the same sum.

Prices are computed again by the rule that made them, exactly, once for each distinct length of time and card.
Called by the checks of a live system.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.costs.models import PieceEntry, RateCard
from app.costs.queries import rate_of
from app.costs.rules import Rate, piece_cost, price
from app.kernel.ids import show
from app.reports.invariants.check import Check, Violation, find
from app.reports.ledger_lines import LINES

ONE_PRICE: Final = Check(
    "every active time entry has one cost entry, no other has any",
    "time_entry",
    """
SELECT coalesce(t.id, c.time_entry_id),
       CASE WHEN t.id IS NULL THEN 'is missing, but has a cost entry'
            WHEN c.time_entry_id IS NULL THEN 'is active, but has no cost entry'
            WHEN t.kind <> 'active' THEN format('is %s, but has a cost entry', t.kind)
            ELSE format('books %s ms, of which %s are unpriced', t.ms, c.unpriced_ms) END
  FROM time_entries t FULL JOIN cost_entries c ON c.time_entry_id = t.id
 WHERE (t.kind IS NOT DISTINCT FROM 'active') <> (c.time_entry_id IS NOT NULL)
    OR c.unpriced_ms <> CASE WHEN c.rate_card_id IS NULL THEN t.ms ELSE 0 END
""",
)

CARDS: Final = Check(
    "a price comes from a rate card that held and was known",
    "time_entry",
    """
SELECT t.id, format('of %s to %s is priced in %s by card %s', t.starts_at, t.ends_at, c.currency, c.rate_card_id)
  FROM cost_entries c
  JOIN time_entries t ON t.id = c.time_entry_id
  LEFT JOIN rate_cards r ON r.id = c.rate_card_id
 WHERE c.rate_card_id IS NOT NULL
   AND (r.id IS NULL OR r.currency <> c.currency OR r.person_id <> t.person_id OR r.recorded_at > c.posted_at
        OR t.starts_at < r.valid_from OR t.ends_at >= r.valid_to + interval '1 millisecond')
""",
)

# Each cut sums what its join finds, in steps: what a join loses or finds twice shows as another sum.
CUTS: Final = Check(
    "the ledger has the same sums in every cut",
    "workspace",
    """
WITH ledger AS (
  SELECT workspace_id, currency, sum(ms) AS ms, sum(amount) AS amount, sum(unpriced_ms) AS unpriced_ms
    FROM ledger_lines WHERE kind <> 'idle_in_claim' GROUP BY workspace_id, currency
), line AS (
  SELECT t.workspace_id, t.currency, t.ms, t.amount, t.unpriced_ms, p.id AS person, tt.name AS task_type,
         (t.at AT TIME ZONE 'UTC')::date AS day, i.id AS item
    FROM ledger_lines t
    JOIN people p ON p.id = t.person_id
    LEFT JOIN claims cl ON cl.id = t.claim_id
    LEFT JOIN items i ON i.id = cl.item_id
    LEFT JOIN submissions s ON s.id = i.submission_id
    LEFT JOIN task_types tt ON tt.id = s.task_type_id
   -- Time outside of items has no claim, and no task type; all other has both.
   WHERE (t.claim_id IS NULL OR tt.id IS NOT NULL) AND t.kind <> 'idle_in_claim'
), part AS (
  SELECT workspace_id, currency, GROUPING(person, task_type, day, item) AS cut,
         sum(ms) AS ms, sum(amount) AS amount, sum(unpriced_ms) AS unpriced_ms
    FROM line
   GROUP BY GROUPING SETS ((workspace_id, currency, person), (workspace_id, currency, task_type),
                           (workspace_id, currency, day), (workspace_id, currency, item))
), summed AS (
  SELECT workspace_id, currency, cut, sum(ms) AS ms, sum(amount) AS amount, sum(unpriced_ms) AS unpriced_ms
    FROM part GROUP BY workspace_id, currency, cut
)
SELECT ledger.workspace_id,
       format('holds %s ms and %s %s (%s ms unpriced), but by %s it is %s ms and %s (%s ms unpriced)', ledger.ms,
              ledger.amount, coalesce(ledger.currency, '-'), ledger.unpriced_ms, cuts.name, coalesce(summed.ms, 0),
              summed.amount, summed.unpriced_ms)
  FROM ledger
 CROSS JOIN (VALUES (7, 'person'), (11, 'task type'), (13, 'day'), (14, 'item')) AS cuts(cut, name)
  LEFT JOIN summed ON summed.workspace_id = ledger.workspace_id AND summed.cut = cuts.cut
        AND summed.currency IS NOT DISTINCT FROM ledger.currency
 WHERE (ledger.ms, ledger.amount, ledger.unpriced_ms) IS DISTINCT FROM (summed.ms, summed.amount, summed.unpriced_ms)
""",
)

PIECES_REVERSED: Final = Check(
    "what is paid by the item is taken back once and in full",
    "piece_entry",
    """
SELECT p.id, format('takes %s %s back, of %s %s', p.amount, p.currency, was.amount, was.currency)
  FROM piece_entries p JOIN piece_entries was ON was.id = p.reverses_id
 WHERE was.reverses_id IS NOT NULL OR (p.amount, p.currency, p.rate_card_id, p.claim_id, p.at, p.person_id)
       IS DISTINCT FROM (-was.amount, was.currency, was.rate_card_id, was.claim_id, was.at, was.person_id)
""",
)

PRICES: Final = "a price is time times rate"


def check_costs(session: Session) -> Iterator[Violation]:
    """Yield what is wrong with the ledger of money."""
    for check in (ONE_PRICE, CARDS, CUTS, PIECES_REVERSED):
        yield from find(session, check)
    cards = {card.id: rate_of(card) for card in session.scalars(select(RateCard))}
    yield from _check_prices(session, cards)
    yield from _check_pieces(session, cards)


def _check_pieces(session: Session, cards: Mapping[UUID, Rate]) -> Iterator[Violation]:
    paid = select(PieceEntry.rate_card_id, PieceEntry.amount, func.array_agg(PieceEntry.id))
    first = paid.where(PieceEntry.reverses_id.is_(None)).group_by(PieceEntry.rate_card_id, PieceEntry.amount)
    for card_id, amount, entry_ids in session.execute(first):
        right = piece_cost(cards[card_id]) if card_id in cards else None
        if amount != right:
            detail = f"books an item for {amount}, but {right} is right"
            yield from (Violation(PRICES, show("piece_entry", entry_id), detail) for entry_id in entry_ids)


def _check_prices(session: Session, cards: Mapping[UUID, Rate]) -> Iterator[Violation]:
    priced = LINES.c.rate_card_id, LINES.c.ms, LINES.c.amount, LINES.c.kind
    time = LINES.c.rate_card_id.is_not(None), LINES.c.kind != "piece"
    posted = session.execute(select(*priced, func.array_agg(LINES.c.id)).where(*time).group_by(*priced))
    for card_id, ms, amount, kind, entry_ids in posted:
        # A card that is missing is told of by CARDS.
        if card_id in cards and amount != price(ms, cards[card_id]):
            detail = f"books {ms} ms for {amount}, but {price(ms, cards[card_id])} is right"
            named = "adjusting_entry" if kind == "adjustment" else "time_entry"
            yield from (Violation(PRICES, show(named, entry_id), detail) for entry_id in entry_ids)
