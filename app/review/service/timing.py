"""Do what time asks for: marks, steps and relaxations, and the outcome of an item whose time is up.

An outcome strikes an item in any open state. Whoever holds it loses it: her claim ends as timed out, its time is
posted, and what she typed stays a draft. What is of high risk or cannot be undone is never approved by a clock,
whatever was asked for. The message of the decision says that time ran out, not that somebody refused.
Called by the sweeper through workers/timers.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM
from app.delivery.service import BODY_PURPOSE, schedule_delivery
from app.feed.rules import EXPIRED
from app.feed.service import put_on_feed
from app.kernel.clock import read_now
from app.kernel.instants import instant_text
from app.notifications.service import tell_breached, tell_due_soon, tell_escalated
from app.queue.models import Item
from app.queue.queries import find_newest_claim, list_waking
from app.queue.rules import CLAIMED
from app.queue.rules.timing import BREACH, DUE_SOON, ESCALATE, EXPIRE, OUTCOMES, REJECT
from app.queue.service import act_in_time, clockwork, lock_claim, move, postpone, sleep_until_next, try_lock_waking
from app.review.queries import list_standing_votes, open_body, read_figures, standing_text
from app.review.rules.document import submission_document, webhook_body
from app.review.rules.verdict import Verdict, judge, settle_runs
from app.review.service.case import body_of
from app.review.service.closing import NewDecision, write_decision
from app.review.service.posting import finish_claim
from app.submissions.queries import OpenSubmission, open_submission
from app.submissions.service import settle_submission

# What is told to people when time does something: the act of the trail, and who says it.
TELL: Final[Mapping[str, Callable[..., None]]] = MappingProxyType(
    {DUE_SOON: tell_due_soon, BREACH: tell_breached, ESCALATE: tell_escalated}
)
# An item has fewer acts than this pending at once; more would be a circle.
_MOST_ACTS: Final = 50
_REST: Final = timedelta(minutes=5)

_log = structlog.get_logger(__name__)


def tend_items(*, session: Session, limit: int) -> int:
    """Do what is due with up to `limit` items, and return how many were looked at.

    One that cannot be tended rests for five minutes and holds up no other.
    """
    waking = list_waking(session, limit=limit)
    for item_id in waking:
        attempt = session.begin_nested()
        try:
            tend(session, item_id=item_id)
            attempt.commit()
        except Exception:
            attempt.rollback()
            _log.exception("an item could not be tended", item=str(item_id))
            postpone(session, item_id=item_id, until=read_now(session) + _REST)
    return len(waking)


def tend(session: Session, *, item_id: UUID) -> None:
    """Do everything that is due with one item, unless somebody is just at work on it."""
    item = try_lock_waking(session, item_id=item_id)
    if item is None:
        return
    at = read_now(session)
    for _ in range(_MOST_ACTS):
        timed = clockwork(session, item=item)
        act = timed.next_act(at)
        if act is None:
            break
        if act in OUTCOMES:
            _end(session, at, item, act)
            return
        act_in_time(session, now=at, item=item, act=act, timed=timed)
        if act in TELL:
            TELL[act](session, now=at, workspace_id=item.workspace_id, item_id=item.id)
    sleep_until_next(session, item=item)


def _end(session: Session, at: datetime, item: Item, outcome: str) -> None:
    """Let time decide, or end an item undecided."""
    opened = open_submission(session, workspace_id=item.workspace_id, submission_id=item.submission_id)
    if outcome == EXPIRE:
        _leave_holder(session, at, item, "expire", {"due_at": instant_text(item.due_at)})
        _expire(session, at, opened)
        return
    new, facts = _decision(session, at, item, opened, outcome)
    _leave_holder(session, at, item, "time_out", facts)
    write_decision(
        session,
        now=at,
        submission=opened.submission,
        task_type=opened.task_type,
        received=opened.received,
        key=opened.key,
        new=new,
    )


def _leave_holder(session: Session, at: datetime, item: Item, act: str, facts: Mapping[str, object]) -> None:
    """Make the step that ends the item; a live claim ends with it and its time is posted."""
    if item.state != CLAIMED:
        move(session, now=at, actor=SYSTEM, item=item, act=act, details=facts)
        return
    claim = find_newest_claim(session, item_id=item.id)
    assert claim is not None, "a claimed item has a claim"  # noqa: S101  # the lifecycle holds this
    locked = lock_claim(session, workspace_id=item.workspace_id, person_id=None, claim_id=claim.id)
    ended_at = min(at, locked.claim.expires_at)
    finish_claim(session, now=at, actor=SYSTEM, locked=locked, act=act, ended_at=ended_at, details=facts)


def _decision(
    session: Session, at: datetime, item: Item, opened: OpenSubmission, outcome: str
) -> tuple[NewDecision, dict[str, object]]:
    """Return the decision that time makes, and what the trail says of it."""
    votes = list_standing_votes(session, item_id=item.id)
    received, corrected = standing_text(item, votes, received=opened.received, key=opened.key)
    refused = any(v.verb not in {"approve", "correct"} for v in votes) or (
        item.review_mode == "blind" and any(v.verb != "approve" for v in votes)
    )
    why = _why_not_used(item, opened, refused=refused) if outcome != REJECT else None
    approves = outcome != REJECT and why is None
    verdict = Verdict("approve" if approves else "reject", message=_message(item, approves=approves, why=why))
    judged = judge(received, verdict, output_schema=opened.task_type.output_schema, reason_codes=())
    earlier = [open_body(v.body, opened.key)["actions"] for v in votes]
    # What one of the reviewers refused does not run because time ran out.
    actions = settle_runs(judged.actions, earlier, required=1 + len(earlier))
    status = "corrected" if approves and corrected else judged.status
    new = NewDecision(
        item_id=item.id,
        status=status,
        body=body_of(verdict, replace(judged, actions=actions)),
        final_at=at,
        claim_id=None,
        decided_by=None,
        decided_by_kind="timeout",
    )
    facts: dict[str, object] = {"status": status, "due_at": instant_text(item.due_at)}
    return new, facts | ({} if why is None else {"refused": why})


def _why_not_used(item: Item, opened: OpenSubmission, *, refused: bool) -> str | None:
    """Return why an output is not used although its time-out says so."""
    if item.high_risk or opened.submission.high_risk:
        return "it is of high risk or cannot be undone, so nothing but a person may approve it"
    return "a reviewer had refused it" if refused else None


def _message(item: Item, *, approves: bool, why: str | None) -> str:
    what = "was used as it stood" if approves else "was turned down"
    sentence = f"Timeout: nobody judged this by {instant_text(item.due_at)}, so it {what}."
    return sentence if why is None else f"{sentence} It was to be used, but {why}."


def _expire(session: Session, at: datetime, opened: OpenSubmission) -> None:
    """End a submission that nobody decided, and tell the feed and its endpoint."""
    submission = opened.submission
    settle_submission(session, submission_id=submission.id, status="expired", final_at=at)
    put_on_feed(
        session,
        workspace_id=submission.workspace_id,
        type=EXPIRED,
        submission_id=submission.id,
        decision_id=None,
        due_at=at,
    )
    if submission.endpoint_id is None:
        return
    document = submission_document(
        submission_id=submission.id,
        external_id=submission.external_id,
        task_type=opened.task_type.name,
        status="expired",
        content_sha256=submission.content_sha256,
        received=opened.received,
        decision=None,
        figures=read_figures(session, submission_ids=[submission.id])[submission.id],
    )
    body = webhook_body(EXPIRED, at, document)
    schedule_delivery(
        session,
        now=at,
        workspace_id=submission.workspace_id,
        endpoint_id=submission.endpoint_id,
        submission_id=submission.id,
        decision_id=None,
        type=EXPIRED,
        sealed_body=opened.key.seal(body, purpose=BODY_PURPOSE),
        due_at=at,
    )
