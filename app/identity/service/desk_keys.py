"""The keys that a person chose for her desk. Which there are and what they do only the pages know."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.models import Person
from app.identity.service.accounts import hold_account, record_about_person


def choose_desk_keys(
    session: Session, *, now: datetime, actor: Actor, person_id: UUID, keys: Mapping[str, str]
) -> None:
    """Keep the keys that differ from the usual ones, by what they do.

    Raises:
        NoSuchPerson: there is none.
    """
    hold_account(session, person_id=person_id)
    session.execute(update(Person).where(Person.id == person_id).values(desk_keys=dict(keys)))
    record_about_person(session, now=now, actor=actor, person_id=person_id, type="person.desk_keys_chosen")
