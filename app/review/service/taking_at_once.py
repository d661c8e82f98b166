"""Hand somebody the next item in few statements, in the common case: she is free, works, and something waits for her.

It does what claiming does step by step and leaves the same rows; a test holds the two against each other. Whatever is
not the common case is left to the steps: nothing has been written by then but that a reservation which she may not have
was put back, and her lock is the one that they take. Called by claiming.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.rules import permissions_of_roles, person_lock
from app.queue.models import Claim
from app.queue.queries import find_live_claim
from app.queue.rules import Standing, Worker
from app.queue.service import claim_item, claim_next
from app.review.service.reserving import own_reservation
from app.review.statements import PLAN_AS_USUAL, TAKE, WHO


def take_at_once(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, channel: str, queue: str | None
) -> Claim | None:
    """Return the claim on the next item for a person, or None when this is not the common case."""
    whose = {"workspace": workspace_id, "person": person_id, "person_lock": person_lock(person_id)}
    # What is pending in the session is about the same rows.
    session.flush()
    who = session.execute(WHO, {**whose, "queue": queue}).one_or_none()
    if who is None or not _is_common(who, queue):
        session.execute(PLAN_AS_USUAL)
        return None
    worker = Worker(
        person_id=person_id,
        groups=tuple(who.groups),
        queues=tuple(who.queue_ids),
        skills=tuple(sorted(set(who.skills))),
        lead="oversee" in permissions_of_roles(who.roles),
    )
    if who.reserved is None:
        claim = claim_next(
            session, actor=actor, workspace_id=workspace_id, worker=worker, channel=channel, statements=(TAKE,)
        )
        if claim is not None:
            return claim
    session.execute(PLAN_AS_USUAL)
    # What others could have changed while she waited for her lock is read anew: whoever disables her frees it.
    if who.reserved is None or find_live_claim(session, workspace_id=workspace_id, person_id=person_id) is not None:
        return None
    ready = own_reservation(session, standing=Standing(reserved=who.reserved), worker=worker)
    if ready is None:
        return None
    return claim_item(session, actor=actor, workspace_id=workspace_id, worker=worker, item_id=ready, channel=channel)


def _is_common(who: Row[Any], queue: str | None) -> bool:
    """Say whether nothing but roles, skills and queues, her own and her groups', decides what she may have."""
    there = who.disabled_at is None and who.paused_at is None
    hers = queue is None or not who.queues or queue in who.queues
    return who.capacity is None and there and hers
