"""Close the books: nothing that is posted later belongs to what is closed. It is never opened again.

Called by the page of periods and the API.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.audit.service import record
from app.costs.models import PeriodClose
from app.costs.queries import closed_until
from app.identity.rules import prices_lock
from app.kernel.clock import read_now
from app.kernel.db import lock_name
from app.kernel.errors import Fault, Invalid
from app.kernel.ids import new_id
from app.kernel.instants import instant_text

_QUARTER: Final = 15 * 60


class CloseRefused(Invalid):
    """The books cannot be closed so."""


def close_period(session: Session, *, actor: Actor, workspace_id: UUID, until: datetime) -> PeriodClose:
    """Close what is dated before `until`. Whoever posts waits, so no entry is posted past the close unawares.

    Entries never cross a quarter hour of UTC, so that none is half closed.

    Raises:
        CloseRefused: `until` lies ahead, in what is closed already, or on no quarter hour.
    """
    lock_name(session, prices_lock(workspace_id))
    now, closed = read_now(session), closed_until(session, workspace_id=workspace_id)
    if until > now:
        raise CloseRefused(faults=[Fault("/until", "lies ahead; only what is over can be closed")])
    if until.timestamp() % _QUARTER:
        raise CloseRefused(faults=[Fault("/until", "must be a quarter hour of UTC")])
    if closed is not None and until <= closed:
        raise CloseRefused(faults=[Fault("/until", f"is closed already, up to {instant_text(closed)}")])
    made = PeriodClose(id=new_id(), workspace_id=workspace_id, until_at=until, closed_at=now)
    session.add(made)
    session.flush()
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=workspace_id,
        type="period.closed",
        subject_kind="period_close",
        subject_id=made.id,
        details={"until": instant_text(until)},
    )
    return made
