"""Names for ids in reports. Called by the costs page."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import ApiKey, Membership, Person
from app.kernel.ids import show


def names_of_keys(session: Session, *, workspace_id: UUID) -> dict[UUID, str]:
    """Return who acts with each key of a workspace: the person whose it is, or else the program by the key's name."""
    rows = session.execute(
        select(ApiKey.id, ApiKey.name, Person.name.label("person"))
        .outerjoin(Person, Person.id == ApiKey.person_id)
        .where(ApiKey.workspace_id == workspace_id)
    )
    return {row.id: row.person or row.name or "a program" for row in rows}


def names_of_people(session: Session, *, workspace_id: UUID) -> dict[str, str]:
    """Return the name of everybody in a workspace, by shown id."""
    rows = session.execute(
        select(Person.id, Person.name)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.workspace_id == workspace_id)
    )
    return {show("person", row.id): row.name for row in rows}
