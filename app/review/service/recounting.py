"""Let a vote count no more because its decision was taken back, and let stand again what it had made void.

Which votes stand follows from the votes alone, so they are counted anew from the first.
Called where a decision is undone, after the decision says so, with the item locked.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.queue.models import Item
from app.review.models import Decision, Vote
from app.review.rules.counting import standing
from app.review.service.voting import ballot_of


def recount_votes(session: Session, *, item: Item) -> list[UUID]:
    """Count the votes of a locked item anew without those of decisions that were taken back; return whose stand."""
    session.flush()
    undone = select(Decision.claim_id).where(
        Decision.item_id == item.id, Decision.undone_at.is_not(None), Decision.claim_id.is_not(None)
    )
    given = select(Vote).where(Vote.item_id == item.id, Vote.claim_id.not_in(undone), ~Vote.adjudicates)
    votes = list(session.scalars(given.order_by(Vote.at, Vote.id)))
    places = standing([ballot_of(v) for v in votes], blind=item.review_mode == "blind")
    stand = [votes[n] for n in places]
    of_item = update(Vote).where(Vote.item_id == item.id)
    # First all to void: nobody has two votes that count, not even between two statements.
    session.execute(of_item.where(Vote.counts).values(counts=False))
    session.execute(of_item.where(Vote.id.in_([v.id for v in stand])).values(counts=True))
    item.voters = [v.person_id for v in stand]
    session.flush()
    return list(item.voters)
