"""Hand in a verdict: one vote, and with the last vote that is needed, the decision.

Exactly one verdict wins. The item's row is locked first, then the token decides: a verdict under the newest token
counts even when its lease has run out; one under an older token is kept as a draft and told who won.
Called by the desk and the claims API.
"""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.delivery.service import BODY_PURPOSE, schedule_delivery
from app.kernel.clock import read_now
from app.kernel.errors import Conflict
from app.kernel.ids import new_id
from app.kernel.strict_json import encode
from app.queue.queries import find_newest_claim
from app.queue.rules import CLAIMED, HELD, WAITING
from app.queue.service import LockedClaim, lock_claim, move
from app.review.models import Decision, Vote
from app.review.queries import find_decision, find_vote, list_standing_votes, open_body
from app.review.rules.document import DecisionFacts, submission_document, webhook_body
from app.review.rules.verdict import Outcome, Verdict, judge, settle_runs, votes_still_needed
from app.review.service.case import Case, open_case, seal_body
from app.review.service.drafts import drop_draft, keep_lost_text
from app.review.service.posting import finish_claim
from app.submissions.service import settle_submission
from app.timekeeping.queries import posted_active_ms


class ContentChanged(Conflict):
    """The content you judged is not the content of this item."""


class AlreadyVoted(Conflict):
    """Another verdict was handed in under this claim before."""


@dataclass(frozen=True)
class Handed:
    """A verdict that counts. Without a decision, `approvals` of `approvals_required` have been given so far."""

    decision: DecisionFacts | None
    late: bool
    approvals: int
    approvals_required: int


@dataclass(frozen=True)
class Overtaken:
    """A verdict that came too late; its text is kept as draft `draft_id`. `decision` is the winner, if there is one."""

    draft_id: UUID
    state: str
    held_by: UUID | None
    decision: DecisionFacts | None


def decide(
    session: Session,
    *,
    actor: Actor,
    workspace_id: UUID,
    person_id: UUID,
    claim_id: UUID,
    token: int,
    content_sha256: bytes,
    verdict: Verdict,
    at_desk: bool,
) -> Handed | Overtaken:
    """Hand in a verdict under a claim. The same verdict again is answered the same again.

    Args:
        token: The claim's fencing token, as it was given out.
        content_sha256: Of the content that the reviewer was shown.
        at_desk: At the desk a decision becomes final after the task type's undo time, by key at once.

    Raises:
        NoSuchClaim: also when it is somebody else's.
        ContentChanged: the digest is not that of this submission.
        AlreadyVoted: another verdict was handed in under this claim.
        VerdictRefused: the verdict does not fit; the faults say where.
    """
    locked = lock_claim(session, workspace_id=workspace_id, person_id=person_id, claim_id=claim_id)
    at = read_now(session)
    case = open_case(session, locked)
    digest = sha256(encode([asdict(verdict), content_sha256.hex()])).digest()
    before = find_vote(session, claim_id=claim_id)
    if before is not None:
        if before.request_sha256 != digest:
            raise AlreadyVoted
        return _handed(session, case, late=before.late)
    if token != locked.item.token or not _may_count(locked):
        return _overtaken(session, at, case, verdict)
    if content_sha256 != case.submission.content_sha256:
        raise ContentChanged
    outcome = judge(
        case.received,
        verdict,
        output_schema=case.task_type.output_schema,
        reason_codes=case.task_type.reason_codes,
    )
    late = not locked.live or locked.claim.expires_at <= at
    if late and locked.live:
        ended_at = locked.claim.expires_at
        finish_claim(session, now=at, actor=SYSTEM, locked=locked, act="expire_claim", ended_at=ended_at)
    return _count(session, at, actor, case, verdict=verdict, outcome=outcome, digest=digest, late=late, at_desk=at_desk)


def _may_count(locked: LockedClaim) -> bool:
    """Say whether a verdict under this claim can still count: live, or ended while nobody took the item since."""
    # What somebody hands in while she is being disabled comes after it.
    revoked = locked.claim.outcome == "revoked"
    return locked.newest and locked.item.state in {WAITING, CLAIMED, HELD} and not revoked


def _count(
    session: Session,
    at: datetime,
    actor: Actor,
    case: Case,
    *,
    verdict: Verdict,
    outcome: Outcome,
    digest: bytes,
    late: bool,
    at_desk: bool,
) -> Handed:
    """Write the vote down and either keep the item waiting for the next one or decide it."""
    item, claim = case.locked.item, case.locked.claim
    standing = _standing_after(session, case, outcome.verb)
    approvals = len(standing) + (outcome.verb in {"approve", "correct"})
    needed = votes_still_needed(required=item.approvals_required, verb=outcome.verb, approvals=approvals)
    status = _status(outcome, standing)
    facts = {"verb": outcome.verb, "vote_needed": needed} | ({"status": status} if needed == 0 else {})
    act = "vote" if needed else "decide"
    # Voters and state are written together: one new version of the item's row, not two.
    with session.no_autoflush:
        item.voters = [*(v.person_id for v in standing), claim.person_id]
        if late:
            move(session, now=at, actor=actor, item=item, act=f"{act}_late", details=facts)
            active_ms = posted_active_ms(session, claim_id=claim.id)
        else:
            active_ms = finish_claim(
                session, now=at, actor=actor, locked=case.locked, act=act, ended_at=at, details=facts
            )
    session.add(
        Vote(
            id=new_id(),
            workspace_id=item.workspace_id,
            item_id=item.id,
            claim_id=claim.id,
            person_id=claim.person_id,
            token=claim.token,
            verb=outcome.verb,
            late=late,
            counts=True,
            reason_codes=list(verdict.reason_codes),
            request_sha256=digest,
            body=seal_body(case, verdict, outcome, outcome.actions),
            active_ms=active_ms,
            at=at,
        )
    )
    drop_draft(session, item_id=item.id, person_id=claim.person_id)
    session.flush()
    if needed == 0:
        final_at = at + timedelta(milliseconds=case.task_type.undo_ms if at_desk else 0)
        earlier = [open_body(v.body, case.key)["actions"] for v in standing]
        actions = settle_runs(outcome.actions, earlier, required=item.approvals_required)
        body = seal_body(case, verdict, outcome, actions)
        _write_decision(session, at, case, status=status, body=body, late=late, final_at=final_at)
    return _handed(session, case, late=late)


def _standing_after(session: Session, case: Case, verb: str) -> list[Vote]:
    """Return the earlier votes that still stand: an edit makes them void, because they were for another text."""
    if verb != "correct" or not case.standing:
        return case.standing
    session.execute(update(Vote).where(Vote.item_id == case.locked.item.id, Vote.counts).values(counts=False))
    return []


def _status(outcome: Outcome, standing: list[Vote]) -> str:
    """Return the decision's status; to approve what somebody corrected is to decide on the correction."""
    corrected = outcome.verb == "approve" and any(v.verb == "correct" for v in standing)
    return "corrected" if corrected else outcome.status


def _write_decision(
    session: Session, at: datetime, case: Case, *, status: str, body: bytes, late: bool, final_at: datetime
) -> None:
    submission = case.submission
    decision = Decision(
        id=new_id(),
        workspace_id=submission.workspace_id,
        item_id=case.locked.item.id,
        submission_id=submission.id,
        claim_id=case.locked.claim.id,
        decided_by=case.locked.claim.person_id,
        status=status,
        decided_by_kind="human",
        late=late,
        content_sha256=submission.content_sha256,
        body=body,
        decided_at=at,
        final_at=final_at,
    )
    session.add(decision)
    settle_submission(session, submission_id=submission.id, status=status, final_at=final_at)
    session.flush()
    if submission.endpoint_id is not None:
        facts = find_decision(session, submission_id=submission.id, key=case.key)
        document = submission_document(
            submission_id=submission.id,
            external_id=submission.external_id,
            task_type=case.task_type.name,
            status=status,
            content_sha256=submission.content_sha256,
            metadata=case.received.metadata,
            decision=facts,
        )
        schedule_delivery(
            session,
            now=at,
            workspace_id=submission.workspace_id,
            endpoint_id=submission.endpoint_id,
            submission_id=submission.id,
            decision_id=decision.id,
            type="submission.decided",
            sealed_body=case.key.seal(webhook_body("submission.decided", final_at, document), purpose=BODY_PURPOSE),
            due_at=final_at,
        )


def _handed(session: Session, case: Case, *, late: bool) -> Handed:
    item = case.locked.item
    decision = find_decision(session, submission_id=case.submission.id, key=case.key)
    votes = decision.votes if decision else list_standing_votes(session, item_id=item.id)
    return Handed(decision, late=late, approvals=len(votes), approvals_required=item.approvals_required)


def _overtaken(session: Session, at: datetime, case: Case, verdict: Verdict) -> Overtaken:
    item, claim = case.locked.item, case.locked.claim
    draft_id = keep_lost_text(
        session,
        now=at,
        workspace_id=item.workspace_id,
        item_id=item.id,
        person_id=claim.person_id,
        claim_id=claim.id,
        body=asdict(verdict),
        key=case.key,
    )
    newest = find_newest_claim(session, item_id=item.id)
    held_by = newest.person_id if newest is not None and newest.ended_at is None else None
    decision = find_decision(session, submission_id=item.submission_id, key=case.key)
    return Overtaken(draft_id, item.state, held_by, decision)
