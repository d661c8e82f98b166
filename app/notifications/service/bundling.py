"""Put what may leave now together: one message for each addressee, however much there is to tell.

Habits are asked again here, so that a choice made since then counts. Messages to one addressee leave a minute apart at
least, so that a burst becomes one. Called by the worker, in one place at a time.
"""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.ids import new_id
from app.notifications.models import Message, Notification
from app.notifications.queries.outbox import last_message_at
from app.notifications.queries.people import habits_of
from app.notifications.rules.kinds import BUNDLED, DROPPED, DUE, PENDING
from app.notifications.rules.timing import SPACING, released_at

# What one message takes at most; it shows the first few and a number.
_ROWS: Final = 2_000


class _Addressee(NamedTuple):
    workspace_id: UUID
    person_id: UUID | None
    hook_id: UUID | None


def bundle(session: Session, *, now: datetime, mail: bool, limit: int) -> int:
    """Make messages for up to `limit` addressees and return for how many there was something to do.

    Args:
        mail: Whether this installation sends mail; if not, what waits to leave by it is dropped.
    """
    found = session.execute(
        select(Notification.workspace_id, Notification.person_id, Notification.hook_id)
        .where(Notification.state == PENDING, Notification.leaves_at <= now)
        .distinct()
        .limit(limit)
    ).all()
    for row in found:
        _bundle(session, now, _Addressee(*row), mail=mail)
    return len(found)


def _bundle(session: Session, now: datetime, to: _Addressee, *, mail: bool) -> None:
    wanted = Notification.person_id == to.person_id if to.hook_id is None else Notification.hook_id == to.hook_id
    rows = session.scalars(
        select(Notification)
        .where(
            wanted,
            Notification.workspace_id == to.workspace_id,
            Notification.state == PENDING,
            Notification.leaves_at <= now,
        )
        .order_by(Notification.made_at)
        .limit(_ROWS)
        .with_for_update(skip_locked=True),
        execution_options={"populate_existing": True},
    ).all()
    ready = [row for row in rows if _still_leaves(session, now, row, to, mail=mail)]
    if not ready:
        session.flush()
        return
    last = last_message_at(session, workspace_id=to.workspace_id, person_id=to.person_id, hook_id=to.hook_id)
    if last is not None and last + SPACING > now:
        for row in ready:
            row.leaves_at = last + SPACING
        session.flush()
        return
    message = Message(
        id=new_id(),
        workspace_id=to.workspace_id,
        person_id=to.person_id,
        hook_id=to.hook_id,
        trial=False,
        state=DUE,
        attempts=0,
        made_at=now,
        next_attempt_at=now,
    )
    session.add(message)
    session.flush()
    for row in ready:
        row.state, row.message_id = BUNDLED, message.id
    session.flush()


def _still_leaves(session: Session, now: datetime, row: Notification, to: _Addressee, *, mail: bool) -> bool:
    """Say whether this may leave now; what the person does not want any more is dropped, what is early waits on."""
    if to.person_id is None:
        return True
    habits = habits_of(session, workspace_id=to.workspace_id, person_id=to.person_id)
    at = released_at(row.kind, habits, made_at=row.made_at, now=now) if mail else None
    if at is None:
        row.state, row.settled_at = DROPPED, now
        return False
    if at > now:
        row.leaves_at = at
        return False
    return True
