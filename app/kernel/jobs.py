"""Jobs that leave after the commit.

A service names a job while it works; the unit of work sends the list once the transaction is durable and drops it on
a rollback. A job is a hint ("look now"): the due row is the truth, and a sweep finds what was never sent.
Arguments are ids as text, nothing else.
"""

from typing import NamedTuple

from sqlalchemy.orm import Session

_KEY = "proofdesk.jobs"


class Job(NamedTuple):
    """The dotted name of a task in `workers`, and the ids it is about."""

    name: str
    ids: tuple[str, ...] = ()


def request_job(session: Session, *, name: str, ids: tuple[str, ...] = ()) -> None:
    """Remember a job until this session's transaction commits. The same job is sent once."""
    jobs: dict[Job, None] = session.info.setdefault(_KEY, {})
    jobs[Job(name, ids)] = None


def take_jobs(session: Session) -> list[Job]:
    """Return the collected jobs and forget them."""
    return list(session.info.pop(_KEY, {}))
