"""What a request carries while it is worked on: its session, its one `now`, and who asks.

Set by the unit of work and the doors' guard, read by views.
"""

from datetime import datetime
from typing import cast
from uuid import UUID

from flask import g, request
from sqlalchemy.orm import Session

from app.edge.requests import StrictRequest
from app.identity.rules import Principal
from app.kernel.clock import read_now
from app.kernel.errors import Forbidden


class NeedsPerson(Forbidden):
    """This call acts for a person; use a key made for one, or sign in."""


def strict_request() -> StrictRequest:
    """Return the current request, with its exact bytes and its decoded document."""
    return cast(StrictRequest, request)


def db() -> Session:
    """Return the session of this request's unit of work."""
    return cast(Session, g.session)


def now() -> datetime:
    """Return the database's time as read once for this request: with who asks, else at the first look."""
    if "now" not in g:
        g.now = read_now(db())
    return cast(datetime, g.now)


def note_now(at: datetime) -> None:
    """Let this request go by a time that was read with something else, unless it goes by one already."""
    if "now" not in g:
        g.now = at


def principal() -> Principal:
    """Return who asks; the guard has made sure there is somebody."""
    return cast(Principal, g.principal)


def workspace_id() -> UUID:
    """Return the workspace that everything in this request is scoped to."""
    return principal().workspace_id


def person_id() -> UUID:
    """Return the person this request acts for.

    Raises:
        NeedsPerson: the key was made for no person.
    """
    found = principal().person_id
    if found is None:
        raise NeedsPerson
    return found
