"""Read the views that people saved."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.identity.models import SavedView


def list_views(session: Session, *, workspace_id: UUID, person_id: UUID) -> Sequence[SavedView]:
    """Return a person's views by name."""
    own = select(SavedView).where(SavedView.workspace_id == workspace_id, SavedView.person_id == person_id)
    return session.scalars(own.order_by(func.lower(SavedView.name), SavedView.id)).all()
