"""People as they are paid, each read once. Called where the ledger is derived anew."""

from collections.abc import Callable
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from app.costs.queries import payee_of
from app.costs.rules import Payee

Payees = Callable[[UUID, UUID], Payee]


def payees_of(session: Session) -> Payees:
    """Return what gives a person of a workspace as she is paid there."""

    @cache
    def payee(workspace_id: UUID, person_id: UUID) -> Payee:
        return payee_of(session, workspace_id=workspace_id, person_id=person_id)

    return payee
