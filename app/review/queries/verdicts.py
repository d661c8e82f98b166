"""Read votes and decisions, and the text that stands after them. Called through app/review/queries."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel.errors import NotFound
from app.kernel.sealing import DataKey
from app.kernel.strict_json import decode
from app.queue.models import Claim, Item
from app.review.models import Decision, Vote
from app.review.rules.document import DecisionFacts, VoteFacts
from app.submissions.rules.received import Received


class NoSuchDecision(NotFound):
    """There is no such decision in this workspace."""


def get_decision(session: Session, *, workspace_id: UUID, decision_id: UUID) -> Decision:
    """Return a decision of this workspace, standing or not.

    Raises:
        NoSuchDecision: also when it is another workspace's.
    """
    found = session.scalar(select(Decision).where(Decision.id == decision_id, Decision.workspace_id == workspace_id))
    if found is None:
        raise NoSuchDecision
    return found


def find_vote(session: Session, *, claim_id: UUID) -> Vote | None:
    """Return the vote that was handed in under a claim, if one was."""
    return session.scalar(select(Vote).where(Vote.claim_id == claim_id))


def list_standing_votes(session: Session, *, item_id: UUID) -> list[Vote]:
    """Return the votes on an item that count, in order."""
    return list(session.scalars(select(Vote).where(Vote.item_id == item_id, Vote.counts).order_by(Vote.at, Vote.id)))


def open_body(sealed: bytes, key: DataKey) -> dict[str, Any]:
    """Return what a vote or a decision says."""
    body: dict[str, Any] = decode(key.open(sealed, purpose="verdict"))
    return body


def _as_corrected(received: Received, body: dict[str, Any]) -> Received:
    """Return a submission with the text of a correction in place of the model's."""
    args = {a["call_id"]: a["args"] for a in body["actions"]}
    return replace(
        received,
        output=body["output"],
        actions=tuple(replace(a, args=args[a.call_id]) for a in received.actions),
    )


def find_decision(session: Session, *, submission_id: UUID, key: DataKey) -> DecisionFacts | None:
    """Return the decision that stands for a submission, opened, with its votes."""
    rows = session.execute(
        select(Decision, Vote, Claim.channel)
        .outerjoin(Vote, (Vote.item_id == Decision.item_id) & Vote.counts)
        .outerjoin(Claim, Claim.id == Vote.claim_id)
        .where(Decision.submission_id == submission_id, Decision.stands)
        .order_by(Vote.at, Vote.id)
    ).all()
    if not rows:
        return None
    return open_decision(rows[0][0], key, [(vote, channel) for _, vote, channel in rows if vote is not None])


def list_counting_votes(session: Session, *, item_ids: Sequence[UUID]) -> list[tuple[Vote, str]]:
    """Return the votes on these items that count, in order, each with the channel of its claim."""
    counting = (
        select(Vote, Claim.channel)
        .join(Claim, Claim.id == Vote.claim_id)
        .where(Vote.item_id.in_(item_ids), Vote.counts)
        .order_by(Vote.at, Vote.id)
    )
    return [(vote, channel) for vote, channel in session.execute(counting)]


def open_decision(decision: Decision, key: DataKey, votes: Iterable[tuple[Vote, str]]) -> DecisionFacts:
    """Return a decision, opened, with those of these votes that are on its item."""
    return DecisionFacts(
        id=decision.id,
        status=decision.status,
        decided_by_kind=decision.decided_by_kind,
        decided_at=decision.decided_at,
        final_at=decision.final_at,
        late=decision.late,
        content_sha256=decision.content_sha256,
        superseded_by=decision.superseded_by,
        supersedes=decision.supersedes,
        body=open_body(decision.body, key),
        votes=[
            VoteFacts(v.person_id, v.verb, v.at, v.active_ms, v.late, channel, v.adjudicates)
            for v, channel in votes
            if v.item_id == decision.item_id
        ],
    )


def standing_decision(session: Session, *, submission_id: UUID, key: DataKey) -> DecisionFacts:
    """Return the decision that stands for a submission that has one."""
    found = find_decision(session, submission_id=submission_id, key=key)
    assert found is not None, "the submission is decided"  # noqa: S101  # the caller has just seen to it
    return found


def standing_text(item: Item, votes: Sequence[Vote], *, received: Received, key: DataKey) -> tuple[Received, bool]:
    """Return the text that is to be judged after these votes, and whether it is a reviewer's correction.

    Reviewers who do not see each other all judge the model's own text.
    """
    if item.review_mode == "blind":
        return received, False
    corrections = [v for v in votes if v.verb == "correct" and not v.adjudicates]
    if not corrections:
        return received, False
    return _as_corrected(received, open_body(corrections[-1].body, key)), True


def count_decisions_since(session: Session, *, workspace_id: UUID, person_id: UUID, since: datetime) -> int:
    """Return how many verdicts a person has handed in from `since` on."""
    counted = select(func.count()).where(
        Vote.workspace_id == workspace_id, Vote.person_id == person_id, Vote.at >= since
    )
    return session.scalar(counted) or 0
