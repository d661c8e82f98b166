"""What the tables say of every item and what the model says of it, in the same words, to be compared whole."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.queue.models import Claim, Item, Queue
from app.review.models import Decision, Vote
from app.submissions.models import Submission
from tests.machine.model import OPEN, Piece

Story = dict[str, Any]


def expected(piece: Piece) -> Story:
    """Return what the model says of an item."""
    return {
        "state": piece.state,
        "stage": piece.stage,
        "status": piece.status,
        "token": len(piece.leases),
        "holder": piece.holder,
        "claims": [(lease.person, lease.ended, lease.expires if lease.live else None) for lease in piece.leases],
        "votes": sorted(piece.votes),
        "decision": (piece.outcome, piece.decided_by) if piece.state == "decided" else None,
        "final_at": piece.final_at,
        "given_to": piece.given_to,
        "for_lead": piece.for_lead,
        "due": piece.due if piece.state in OPEN else None,
        "line": (piece.queue, piece.priority, piece.tier, piece.skills),
        "adjudicating": piece.adjudicating,
    }


def told(session: Session, names: dict[UUID, str]) -> dict[UUID, Story]:
    """Return what the tables say of every item.

    Args:
        names: Of the people, by their ids.
    """
    stories: dict[UUID, Story] = {}
    queues = {queue.id: queue.name for queue in session.scalars(select(Queue))}
    for item in session.scalars(select(Item)):
        stories[item.id] = {
            "state": item.state,
            "stage": item.stage,
            "token": item.token,
            "holder": names[item.held_by] if item.held_by else None,
            "claims": [],
            "votes": [],
            "decision": None,
            "given_to": names[item.assigned_to] if item.assigned_to else None,
            "for_lead": item.for_lead,
            "due": item.due_at if item.state in OPEN else None,
            "line": (queues[item.queue_id], item.priority, item.tier, frozenset(item.skills)),
            "adjudicating": item.adjudicating,
        }
    _add_claims(session, stories, names)
    votes = defaultdict(list)
    for vote in session.scalars(select(Vote).where(Vote.counts)):
        votes[vote.item_id].append((names[vote.person_id], vote.verb))
    for item_id, cast in votes.items():
        stories[item_id]["votes"] = sorted(cast)
    for decision in session.scalars(select(Decision).where(Decision.stands)):
        stories[decision.item_id]["decision"] = (decision.status, decision.decided_by_kind)
    submissions = select(Item.id, Submission.status, Submission.final_at).join(
        Submission, Submission.id == Item.submission_id
    )
    for item_id, status, final_at in session.execute(submissions):
        stories[item_id] |= {"status": status, "final_at": final_at}
    return stories


def _add_claims(session: Session, stories: dict[UUID, Story], names: dict[UUID, str]) -> None:
    for claim in session.scalars(select(Claim).order_by(Claim.token)):
        story, person = stories[claim.item_id], names[claim.person_id]
        live = claim.ended_at is None
        story["claims"].append((person, claim.outcome, claim.expires_at if live else None))
        if live:
            assert story["holder"] is None, "somebody keeps what another has claimed"
            story["holder"] = person
