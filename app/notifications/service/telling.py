"""Say that there is news: one short row in the transaction of what happened, and nothing else.

Who has to be told, how and when is found out later by the worker, so that a step that thousands of items take at once
costs one insert each. News dies with the rollback of what it tells of. Called by the flows and by sweeps.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.notifications.models import Notice
from app.notifications.rules.kinds import BREACHED, DUE_SOON, ENDPOINT_DISABLED, ESCALATED, HANDED_OVER, WAITING


def _note(
    session: Session,
    *,
    now: datetime,
    workspace_id: UUID,
    kind: str,
    item_id: UUID | None = None,
    queue_id: UUID | None = None,
    endpoint_id: UUID | None = None,
    to_person: UUID | None = None,
    by_person: UUID | None = None,
) -> None:
    session.execute(
        insert(Notice)
        .values(
            id=new_id(),
            workspace_id=workspace_id,
            kind=kind,
            item_id=item_id,
            queue_id=queue_id,
            endpoint_id=endpoint_id,
            to_person_id=to_person,
            by_person_id=by_person,
            made_at=now,
        )
        .on_conflict_do_nothing()
    )


def tell_handed_over(
    session: Session, *, now: datetime, workspace_id: UUID, item_id: UUID, to_person: UUID, by_person: UUID | None
) -> None:
    """Tell a person that an item was given to her by name; `by_person` is None when it was no person's act."""
    if to_person == by_person:
        return
    _note(
        session,
        now=now,
        workspace_id=workspace_id,
        kind=HANDED_OVER,
        item_id=item_id,
        to_person=to_person,
        by_person=by_person,
    )


def tell_due_soon(session: Session, *, now: datetime, workspace_id: UUID, item_id: UUID) -> None:
    """Tell whoever holds an item, or else those who may take it, that its time is nearly up."""
    _note(session, now=now, workspace_id=workspace_id, kind=DUE_SOON, item_id=item_id)


def tell_breached(session: Session, *, now: datetime, workspace_id: UUID, item_id: UUID) -> None:
    """Tell whoever holds an item, and the leads of its queue, that its time is up."""
    _note(session, now=now, workspace_id=workspace_id, kind=BREACHED, item_id=item_id)


def tell_escalated(session: Session, *, now: datetime, workspace_id: UUID, item_id: UUID) -> None:
    """Tell the leads of an item's queue that it was passed up."""
    _note(session, now=now, workspace_id=workspace_id, kind=ESCALATED, item_id=item_id)


def tell_waiting(session: Session, *, now: datetime, workspace_id: UUID, queue_id: UUID) -> None:
    """Tell those who work a queue that something waits in it; said again before it was spread, it is said once.

    Not for every submission: the worker's own look finds what came in.
    """
    _note(session, now=now, workspace_id=workspace_id, kind=WAITING, queue_id=queue_id)


def tell_endpoint_disabled(session: Session, *, now: datetime, workspace_id: UUID, endpoint_id: UUID) -> None:
    """Tell those who administer a workspace that nothing is sent to one of its endpoints any more."""
    _note(session, now=now, workspace_id=workspace_id, kind=ENDPOINT_DISABLED, endpoint_id=endpoint_id)
