"""Take a decision back before it is final: nobody outside has seen it, so it is as if it had not been made.

The time stays booked; whoever is paid by the item is paid for the verdict that stays. The item is kept for whoever
decided, who may judge it anew or put it back. Called by the desk and the decisions API.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.costs.service import reverse_pieces
from app.delivery.service import OnItsWay, withdraw_deliveries
from app.feed.service import OnTheFeed, take_off_feed
from app.identity.queries import get_membership
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Forbidden
from app.kernel.ids import show
from app.queue.models import Item
from app.queue.service import lock_item, move
from app.review.models import Decision
from app.review.queries import get_decision
from app.review.service.posting import lock_person
from app.review.service.recounting import recount_votes
from app.review.service.reserving import put_back
from app.submissions.service import reopen_submission


class AlreadyFinal(Conflict):
    """The decision is final; a lead can overturn it."""


class NotYours(Forbidden):
    """Only whoever decided, or a lead, may take a decision back."""


def undo(
    session: Session, *, actor: Actor, workspace_id: UUID, person_id: UUID, oversees: bool, decision_id: UUID
) -> Item:
    """Take a decision back and keep its item for whoever decided. Twice does no harm.

    If she has been disabled meanwhile, the item goes back in line.

    Args:
        oversees: Whether the person may do so with what others decided.

    Raises:
        NoSuchDecision: also when it is another workspace's.
        NotYours: somebody else decided.
        AlreadyFinal: its time to be taken back is over.
    """
    found = get_decision(session, workspace_id=workspace_id, decision_id=decision_id)
    if found.decided_by != person_id and not oversees:
        raise NotYours
    item = lock_item(session, item_id=found.item_id)
    decision = session.get_one(Decision, decision_id, populate_existing=True)
    if decision.undone_at is not None:
        return item
    if decision.decided_by is None or not decision.stands:
        raise AlreadyFinal
    # Under the lock that disabling takes too, so that nothing is kept for somebody who is being disabled.
    lock_person(session, decision.decided_by)
    at = read_now(session)
    _withdraw(session, at, decision)
    decision.undone_at = at
    if decision.claim_id is not None:
        reverse_pieces(session, workspace_id=workspace_id, claim_ids=[decision.claim_id])
    recount_votes(session, item=item)
    reopen_submission(session, submission_id=decision.submission_id)
    with session.no_autoflush:
        item.held_by = decision.decided_by
        # Time went on meanwhile: the sweeper looks at once whether anything is due.
        item.wake_at = at
        move(session, now=at, actor=actor, item=item, act="undo", details={"decision": show("decision", decision.id)})
    member = get_membership(session, workspace_id=workspace_id, person_id=decision.decided_by)
    if member.person.disabled_at is not None:
        put_back(session, now=at, actor=actor, item=item)
    # It may have become final while this waited for locks, and programs may have read it.
    if decision.final_at <= read_now(session):
        raise AlreadyFinal
    return item


def _withdraw(session: Session, at: datetime, decision: Decision) -> None:
    """Take back what was to be handed over, unless the decision is final by now."""
    if decision.final_at <= at:
        raise AlreadyFinal
    try:
        withdraw_deliveries(session, now=at, decision_id=decision.id)
        take_off_feed(session, decision_id=decision.id)
    except (OnItsWay, OnTheFeed) as error:
        raise AlreadyFinal from error
