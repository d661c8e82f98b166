"""Look for queues in which work waits, so that no submission has to say so.

Once a minute the ids of what came in since the look before are walked, at the cost of the arrivals alone; a queue of
which nobody was told for a day is brought up again as long as something waits. Called by the worker, in one place.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.notifications.models import ArrivalLook
from app.notifications.queries.outbox import LOOK_EVERY
from app.notifications.queries.work import queues_to_remind, queues_with_arrivals
from app.notifications.service.telling import tell_waiting

REMIND_EVERY: Final = timedelta(hours=24)
_ONLY_ROW: Final = 1


def look_for_work(session: Session, *, now: datetime) -> int:
    """Say of every queue where work came in, or has waited for long, that it waits; return how many those are.

    Arrivals are looked at when they are a minute old: by then their transactions have ended, so none is missed between
    two looks, and a colleague at the desk may have taken them.
    """
    row = session.get(ArrivalLook, _ONLY_ROW, populate_existing=True)
    until = now - LOOK_EVERY
    if row is not None and row.looked_to >= until - LOOK_EVERY:
        return 0
    after = until - LOOK_EVERY if row is None else row.looked_to
    found = set(queues_with_arrivals(session, after=_id_at(after), until=_id_at(until)))
    found.update(queues_to_remind(session, before=now - REMIND_EVERY))
    for workspace_id, queue_id in sorted(found):
        tell_waiting(session, now=now, workspace_id=workspace_id, queue_id=queue_id)
    look = insert(ArrivalLook).values(number=_ONLY_ROW, looked_to=until)
    session.execute(look.on_conflict_do_update(index_elements=[ArrivalLook.number], set_={"looked_to": until}))
    return len(found)


def _id_at(at: datetime) -> UUID:
    """Return the smallest id that is made at this time; ids grow with time."""
    return UUID(int=int(at.timestamp() * 1000) << 80)
