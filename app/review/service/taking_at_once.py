"""Hand somebody the next item in two statements, in the common case: she is free, works, and something waits for her.

It does what claiming does step by step and leaves the same rows; a test holds the two against each other. Whatever is
not the common case is left to the steps: nothing has been written by then, and her lock is the one that they take.
Called by claiming.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.rules import permissions_of_roles
from app.queue.models import Claim
from app.queue.rules import Worker
from app.queue.service import claim_next
from app.review.service.posting import person_lock
from app.review.statements import PLAN_AS_USUAL, TAKE, WHO


def take_at_once(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, channel: str, queue: str | None
) -> Claim | None:
    """Return the claim on the next item for a person, or None when this is not the common case."""
    whose = {"workspace": workspace_id, "person": person_id, "person_lock": person_lock(person_id)}
    # What is pending in the session is about the same rows.
    session.flush()
    who = session.execute(WHO, {**whose, "queue": queue}).one_or_none()
    claim = None
    if who is not None and _is_common(who, queue):
        worker = Worker(
            person_id=person_id,
            groups=tuple(who.groups),
            queues=tuple(who.queue_ids),
            skills=tuple(sorted(set(who.skills))),
            lead="oversee" in permissions_of_roles(who.roles),
        )
        claim = claim_next(
            session, actor=actor, workspace_id=workspace_id, worker=worker, channel=channel, statements=(TAKE,)
        )
    if claim is None:
        session.execute(PLAN_AS_USUAL)
    return claim


def _is_common(who: Row[Any], queue: str | None) -> bool:
    """Say whether nothing but roles, skills and queues, her own and her groups', decides what she may have."""
    there = who.disabled_at is None and who.paused_at is None
    hers = queue is None or not who.queues or queue in who.queues
    return who.capacity is None and there and hers
