"""Read rate cards, exchange rates and calls of language models.

Called by the flow out, the doors, reports and the checks of a live system.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session

from app.costs.models import ExchangeRate, LlmCall, LlmPrice, PeriodClose, RateCard
from app.costs.rules import Exchange, ListPrice, Payee, Rate, Tier
from app.identity.queries import list_terms
from app.kernel.paging import Page, newest_first


def list_rate_cards(session: Session, *, workspace_id: UUID) -> list[RateCard]:
    """Return every rate card of a workspace, the newest first."""
    return list(
        session.scalars(
            select(RateCard).where(RateCard.workspace_id == workspace_id).order_by(RateCard.recorded_at.desc())
        )
    )


def list_calls(session: Session, *, submission_id: UUID) -> list[LlmCall]:
    """Return the calls of language models that a submission took, in the order in which they were reported."""
    return list(session.scalars(select(LlmCall).where(LlmCall.submission_id == submission_id).order_by(LlmCall.id)))


def rates_for(session: Session, *, workspace_id: UUID, person_id: UUID, known_at: datetime) -> list[Rate]:
    """Return the rates that may hold for a person: her own and those that name nobody, as far as known by then."""
    rows = session.scalars(
        select(RateCard).where(
            RateCard.workspace_id == workspace_id,
            (RateCard.person_id == person_id) | RateCard.person_id.is_(None),
            RateCard.recorded_at <= known_at,
        )
    )
    return [rate_of(r) for r in rows]


def payee_of(session: Session, *, workspace_id: UUID, person_id: UUID) -> Payee:
    """Return a person as she is paid in a workspace: with her roles and vendor from time to time."""
    return Payee(person_id, tuple(list_terms(session, workspace_id=workspace_id, person_id=person_id)))


def rate_of(card: RateCard) -> Rate:
    """Return a rate card as the rules see it."""
    return Rate(
        id=card.id,
        person_id=card.person_id,
        role=card.role,
        vendor=card.vendor,
        currency=card.currency,
        unit=card.unit,  # type: ignore[arg-type]  # a CHECK holds the units
        base=card.base,
        burden=card.burden,
        overhead=card.overhead,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        recorded_at=card.recorded_at,
    )


def list_exchange_rates(session: Session, *, workspace_id: UUID) -> list[Exchange]:
    """Return every exchange rate of a workspace, as the rules see them."""
    rows = session.scalars(select(ExchangeRate).where(ExchangeRate.workspace_id == workspace_id))
    return [exchange_of(row) for row in rows]


def list_report_currencies(session: Session, *, workspace_id: UUID) -> set[str]:
    """Return the currencies in which a report can be: those of the rate cards and of the exchange rates."""
    cards = select(RateCard.currency).where(RateCard.workspace_id == workspace_id)
    there, back = (
        select(column).where(ExchangeRate.workspace_id == workspace_id)
        for column in (ExchangeRate.from_currency, ExchangeRate.to_currency)
    )
    return set(session.scalars(union(cards, there, back)))


def page_exchange_rates(session: Session, *, workspace_id: UUID, limit: int, cursor: str | None) -> Page[ExchangeRate]:
    """Return a page of a workspace's exchange rates, those recorded last first.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    wanted = select(ExchangeRate).where(ExchangeRate.workspace_id == workspace_id)
    return newest_first(
        session, wanted, at=ExchangeRate.recorded_at, row_id=ExchangeRate.id, limit=limit, cursor=cursor
    )


def exchange_of(row: ExchangeRate) -> Exchange:
    """Return an exchange rate as the rules see it."""
    return Exchange(
        id=row.id,
        from_currency=row.from_currency,
        to_currency=row.to_currency,
        rate=row.rate,
        on=row.on,
        source=row.source,
        recorded_at=row.recorded_at,
    )


def closed_until(session: Session, *, workspace_id: UUID) -> datetime | None:
    """Return the instant before which a workspace's books are closed, or None."""
    return session.scalar(select(func.max(PeriodClose.until_at)).where(PeriodClose.workspace_id == workspace_id))


def list_closes(session: Session, *, workspace_id: UUID) -> list[PeriodClose]:
    """Return every close of a workspace's books, the last first."""
    mine = select(PeriodClose).where(PeriodClose.workspace_id == workspace_id)
    return list(session.scalars(mine.order_by(PeriodClose.until_at.desc())))


def prices_for(session: Session, *, workspace_id: UUID, models: Iterable[str]) -> list[ListPrice]:
    """Return the list prices that may hold for models of these names: under the name or one of its beginnings."""
    beginnings = {name[:length] for name in models for length in range(1, len(name) + 1)}
    rows = session.scalars(
        select(LlmPrice).where(LlmPrice.workspace_id == workspace_id, LlmPrice.model.in_(beginnings))
    )
    return [list_price_of(row) for row in rows]


def page_llm_prices(
    session: Session, *, workspace_id: UUID, model: str | None = None, limit: int, cursor: str | None
) -> Page[LlmPrice]:
    """Return a page of a workspace's list prices, those recorded last first; of one model if it is named.

    Raises:
        BadCursor: `cursor` was not made here.
    """
    wanted = select(LlmPrice).where(LlmPrice.workspace_id == workspace_id)
    if model is not None:
        wanted = wanted.where(LlmPrice.model == model)
    return newest_first(session, wanted, at=LlmPrice.recorded_at, row_id=LlmPrice.id, limit=limit, cursor=cursor)


def list_price_of(row: LlmPrice) -> ListPrice:
    """Return a list price as the rules see it."""
    return ListPrice(
        id=row.id,
        provider=row.provider,
        model=row.model,
        match=row.match,  # type: ignore[arg-type]  # a CHECK holds the matches
        currency=row.currency,
        tiers=tuple(_tier(one) for one in row.tiers),
        valid_from=row.valid_from,
        recorded_at=row.recorded_at,
    )


def _tier(kept: dict[str, Any]) -> Tier:
    prices = {name: Decimal(text) for name, text in kept.items() if name != "above"}
    return Tier(kept["above"], prices.pop("input", None), prices.pop("output", None), **prices)
