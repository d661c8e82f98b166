"""Make what came in findable by its words.

Run by the sweeper every 15 seconds, a batch in each transaction, by one worker at a time. Safe to run twice.
"""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from app.submissions.service import make_findable
from workers.task import Tools, is_alone

BATCH: Final = 200
# A backlog of millions, as after an upgrade, must not take a core from those who work.
REST_SECONDS: Final = 0.25


def index(tools: Tools) -> int:
    """Make entries until there is nothing without one; return for how many submissions."""
    made = 0
    while not tools.stop.is_set():
        with tools.unit_of_work() as (session, _):
            count = make_findable(session, limit=BATCH) if is_alone(session, "finding") else 0
        made += count
        if count < BATCH or tools.stop.wait(REST_SECONDS):
            break
    return made


def whenever(_session: Session) -> datetime | None:
    """Say that nothing is known of when the next submission comes in."""
    return None
