"""Whose time has no price, and which models: how much of it, and from when to when. Called by the page of rates."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.costs.models import LlmCall
from app.identity.models import Person
from app.reports.ledger_lines import LINES

MODELS_AT_MOST: Final = 20


@dataclass(frozen=True)
class Unpriced:
    """The time of a person that no rate has priced."""

    person_id: UUID
    name: str
    ms: int
    first: datetime
    last: datetime


def list_unpriced(session: Session, *, workspace_id: UUID) -> list[Unpriced]:
    """Return the people of a workspace whose time has no price, those with most of it first."""
    ms = func.sum(LINES.c.unpriced_ms)
    rows = session.execute(
        select(LINES.c.person_id, Person.name, ms, func.min(LINES.c.at), func.max(LINES.c.at))
        .join(Person, Person.id == LINES.c.person_id)
        .where(LINES.c.workspace_id == workspace_id, LINES.c.unpriced_ms != 0)
        .group_by(LINES.c.person_id, Person.name)
        .having(ms > 0)
        .order_by(ms.desc())
    )
    return [Unpriced(person_id, name, int(total), first, last) for person_id, name, total, first, last in rows]


@dataclass(frozen=True)
class UnpricedModel:
    """A model whose calls were reported without a cost and stand in no list."""

    provider: str | None
    model: str | None
    calls: int


def list_unpriced_models(session: Session, *, workspace_id: UUID) -> list[UnpricedModel]:
    """Return the models with most calls without any price, at most MODELS_AT_MOST of them."""
    unpriced = LlmCall.workspace_id == workspace_id, LlmCall.amount.is_(None), LlmCall.list_amount.is_(None)
    rows = session.execute(
        select(LlmCall.provider, LlmCall.model, func.count())
        .where(*unpriced)
        .group_by(LlmCall.provider, LlmCall.model)
        .order_by(func.count().desc(), LlmCall.model)
        .limit(MODELS_AT_MOST)
    )
    return [UnpricedModel(*row) for row in rows]
