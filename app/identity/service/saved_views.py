"""Views that people save: filters of the list of items under a name. Which filters there are only the pages know."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.identity.models import SavedView
from app.identity.queries import list_views
from app.identity.rules import check_name
from app.kernel.errors import Conflict, NotFound
from app.kernel.ids import new_id

MOST_VIEWS: Final = 50


class NoSuchView(NotFound):
    """This person has no such view."""


class TooManyViews(Conflict):
    """A person keeps at most fifty views; remove one first."""


def save_view(
    session: Session,
    *,
    now: datetime,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    name: str,
    wanted: Mapping[str, str],
) -> None:
    """Keep filters under a name; one of the same name is replaced.

    Raises:
        BadName: the name is empty or too long.
        TooManyViews.
    """
    checked = check_name(name)
    views = list_views(session, workspace_id=workspace_id, person_id=person_id)
    view = next((one for one in views if one.name == checked), None)
    if view is None and len(views) >= MOST_VIEWS:
        raise TooManyViews
    if view is None:
        view = SavedView(
            id=new_id(), workspace_id=workspace_id, person_id=person_id, name=checked, wanted={}, created_at=now
        )
        session.add(view)
    view.wanted = dict(wanted)
    session.flush()
    _record(session, now, actor, view, type="view.saved")


def remove_view(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, view_id: UUID
) -> None:
    """Remove a view of this person.

    Raises:
        NoSuchView: also when it is somebody else's.
    """
    views = list_views(session, workspace_id=workspace_id, person_id=person_id)
    view = next((one for one in views if one.id == view_id), None)
    if view is None:
        raise NoSuchView
    _record(session, now, actor, view, type="view.removed")
    session.execute(delete(SavedView).where(SavedView.id == view_id))


def _record(
    session: Session,
    now: datetime,
    actor: Actor,
    view: SavedView,
    *,
    type: str,  # noqa: A002  # the word that the trail and its readers use
) -> None:
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=view.workspace_id,
        type=type,
        subject_kind="view",
        subject_id=view.id,
    )
