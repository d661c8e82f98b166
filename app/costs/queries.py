"""Read rate cards. Called by the service of costs and the rate cards API."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.costs.models import RateCard
from app.costs.rules import Rate


def list_rate_cards(session: Session, *, workspace_id: UUID) -> list[RateCard]:
    """Return every rate card of a workspace, the newest first."""
    return list(
        session.scalars(
            select(RateCard).where(RateCard.workspace_id == workspace_id).order_by(RateCard.recorded_at.desc())
        )
    )


def rates_for(session: Session, *, workspace_id: UUID, person_id: UUID) -> list[Rate]:
    """Return the rates that may hold for a person: her own and those for everybody."""
    rows = session.scalars(
        select(RateCard).where(
            RateCard.workspace_id == workspace_id,
            (RateCard.person_id == person_id) | RateCard.person_id.is_(None),
        )
    )
    return [
        Rate(
            id=r.id,
            person_id=r.person_id,
            currency=r.currency,
            unit="hour",
            base=r.base,
            burden=r.burden,
            overhead=r.overhead,
            valid_from=r.valid_from,
            valid_to=r.valid_to,
            recorded_at=r.recorded_at,
        )
        for r in rows
    ]
