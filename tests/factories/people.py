"""People who review, programs that submit, and what an hour of somebody costs."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import COMMAND
from app.costs.models import RateCard
from app.costs.rules import RateUnit
from app.costs.service import NewRate, record_rate
from app.identity.service import create_key, create_person
from app.kernel.clock import read_now


def add_person(
    session: Session,
    workspace_id: UUID,
    name: str = "ada",
    *,
    roles: Iterable[str] = ("reviewer",),
    skills: Iterable[str] = (),
    queues: Iterable[str] = (),
    vendor: str | None = None,
) -> UUID:
    """Make a reviewer, or somebody with these roles, and return her id; her address is made from her name."""
    return create_person(
        session,
        now=read_now(session),
        actor=COMMAND,
        workspace_id=workspace_id,
        email=f"{name}@example.org",
        roles=list(roles),
        skills=skills,
        queues=queues,
        vendor=vendor,
    )


def add_key(session: Session, workspace_id: UUID) -> UUID:
    """Make a program's key and return its id."""
    made = create_key(
        session, now=read_now(session), actor=COMMAND, workspace_id=workspace_id, scopes=["submit", "read"]
    )
    return made.key_id


def add_rate(
    session: Session,
    workspace_id: UUID,
    base: str = "28",
    *,
    person_id: UUID | None = None,
    burden: str = "1.25",
    overhead: str = "1",
    currency: str = "EUR",
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
    unit: RateUnit = "hour",
    role: str | None = None,
    vendor: str | None = None,
) -> RateCard:
    """Record what an hour costs, known from now on; it holds since last week unless the test says otherwise.

    As it stands an hour costs 28 x 1.25 + 1 = 36, so that a millisecond costs exactly 0.00001 and splits add up.
    """
    now = read_now(session)
    new = NewRate(
        person_id=person_id,
        currency=currency,
        base=Decimal(base),
        burden=Decimal(burden),
        overhead=Decimal(overhead),
        valid_from=valid_from or now - timedelta(days=7),
        valid_to=valid_to,
        unit=unit,
        role=role,
        vendor=vendor,
    )
    return record_rate(session, actor=COMMAND, workspace_id=workspace_id, new=new)
