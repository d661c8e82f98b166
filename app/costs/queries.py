"""Read rate cards and calls of language models. Called by the flow out, the API and the checks of a live system."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.costs.models import LlmCall, RateCard
from app.costs.rules import Rate


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


def rates_for(session: Session, *, workspace_id: UUID, person_id: UUID) -> list[Rate]:
    """Return the rates that may hold for a person: her own and those for everybody."""
    rows = session.scalars(
        select(RateCard).where(
            RateCard.workspace_id == workspace_id,
            (RateCard.person_id == person_id) | RateCard.person_id.is_(None),
        )
    )
    return [rate_of(r) for r in rows]


def rate_of(card: RateCard) -> Rate:
    """Return a rate card as the rules see it."""
    return Rate(
        id=card.id,
        person_id=card.person_id,
        currency=card.currency,
        unit="hour",
        base=card.base,
        burden=card.burden,
        overhead=card.overhead,
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        recorded_at=card.recorded_at,
    )
