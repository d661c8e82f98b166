"""Overturn a decision that is final, after an audit or an appeal.

The old decision stays as it was and names the new one; the new one names the old one and is delivered again. Votes,
time and money stay untouched. Called by the item page and the decisions API.
"""

from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.identity.queries import get_membership
from app.kernel.clock import read_now
from app.kernel.errors import Conflict, Forbidden
from app.kernel.ids import show
from app.queue.models import Item
from app.queue.service import lock_item, move
from app.review.models import Decision
from app.review.queries import get_decision, standing_decision
from app.review.rules.document import DecisionFacts
from app.review.rules.verdict import Outcome, Verdict, judge
from app.review.service.case import body_of
from app.review.service.closing import NewDecision, write_decision
from app.review.service.deciding import ContentChanged
from app.review.service.fitness import worker_of
from app.submissions.queries import OpenSubmission, open_submission


class NotFinal(Conflict):
    """The decision is not final yet; it can be undone instead."""


class NotStanding(Conflict):
    """This decision does not stand any more; overturn the one that does."""


class OwnDecision(Forbidden):
    """Whoever judged this, asked for it or is excluded from it may not overturn it."""


def supersede(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    decision_id: UUID,
    content_sha256: bytes,
    verdict: Verdict,
    reason: str,
) -> DecisionFacts:
    """Put a new decision in the place of a final one, and return it. The verdict judges what the model said.

    Args:
        person_id: The lead who does it; nobody who took part in the old decision.
        content_sha256: Of the content that she was shown.
        reason: Why; kept with the new decision.

    Raises:
        NoSuchDecision: also when it is another workspace's.
        OwnDecision: she took part, or is kept from this item.
        NotStanding, NotFinal: it was overturned or undone, or may still be undone.
        ContentChanged: the digest is not that of this submission.
        VerdictRefused: the verdict does not fit; the faults say where.
    """
    item, old = _lock(session, workspace_id=workspace_id, decision_id=decision_id)
    at = read_now(session)
    if old.final_at > at:
        raise NotFinal
    _check_independent(session, item=item, old=old, person_id=person_id)
    opened = open_submission(session, workspace_id=workspace_id, submission_id=old.submission_id)
    outcome = _judge(opened, content_sha256, verdict)
    new = NewDecision(
        item_id=item.id,
        status=outcome.status,
        body=body_of(verdict, outcome, reason=reason),
        final_at=at,
        claim_id=None,
        decided_by=person_id,
        supersedes=old,
    )
    decision = write_decision(
        session,
        now=at,
        submission=opened.submission,
        task_type=opened.task_type,
        received=opened.received,
        key=opened.key,
        new=new,
    )
    details = {"decision": show("decision", decision.id), "supersedes": show("decision", old.id)}
    move(session, now=at, actor=actor, item=item, act="supersede", details={**details, "status": outcome.status})
    return standing_decision(session, submission_id=old.submission_id, key=opened.key)


def _judge(opened: OpenSubmission, content_sha256: bytes, verdict: Verdict) -> Outcome:
    """Return what the lead's verdict on what the model said comes to, if that is what she was shown."""
    if content_sha256 != opened.submission.content_sha256:
        raise ContentChanged
    kind = opened.task_type
    return judge(opened.received, verdict, output_schema=kind.output_schema, reason_codes=kind.reason_codes)


def _lock(session: Session, *, workspace_id: UUID, decision_id: UUID) -> tuple[Item, Decision]:
    """Lock the item of a decision that stands, and return both as they are now."""
    found = get_decision(session, workspace_id=workspace_id, decision_id=decision_id)
    item = lock_item(session, item_id=found.item_id)
    old = session.get_one(Decision, decision_id, populate_existing=True)
    if not old.stands:
        raise NotStanding
    return item, old


def _check_independent(session: Session, *, item: Item, old: Decision, person_id: UUID) -> None:
    worker = worker_of(session, get_membership(session, workspace_id=item.workspace_id, person_id=person_id))
    took_part = person_id in item.voters or person_id == old.decided_by
    if took_part or set(worker.names) & set(item.barred):
        raise OwnDecision
