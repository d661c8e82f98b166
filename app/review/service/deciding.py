"""Hand in a verdict: who may, under which claim, and what she is told of it.

Exactly one verdict wins. The item's row is locked first, then the token decides: a verdict under the newest token
counts even when its lease has run out; one under an older token is kept as a draft and told who won.
Called by the desk and the claims API.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.kernel.clock import read_now
from app.kernel.errors import Conflict
from app.queue.queries import find_newest_claim
from app.queue.rules import OPEN
from app.queue.service import LockedClaim, lock_claim
from app.review.queries import find_decision, find_vote, list_standing_votes
from app.review.rules.counting import APPROVING
from app.review.rules.document import DecisionFacts
from app.review.rules.verdict import Verdict, judge
from app.review.service.at_once import Asked, decide_at_once, digest_of
from app.review.service.case import Case, open_case
from app.review.service.drafts import keep_lost_text
from app.review.service.posting import finish_claim
from app.review.service.voting import Judged, cast_vote


class ContentChanged(Conflict):
    """The content you judged is not the content of this item."""


class AlreadyVoted(Conflict):
    """Another verdict was handed in under this claim before."""


@dataclass(frozen=True)
class Handed:
    """A verdict that counts. Without a decision, so many have approved and rejected so far of those it takes.

    A reviewer who judges independently is told nothing of the others, `blind`: neither counts nor a decision, because
    to hear that hers was the last would be to hear that somebody had said the same.
    """

    decision: DecisionFacts | None
    late: bool
    approvals: int = 0
    approvals_required: int = 0
    rejections: int = 0
    rejections_required: int = 0
    blind: bool = False


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
    asked = Asked(actor, workspace_id, person_id, claim_id, token, content_sha256, verdict, at_desk)
    decision = decide_at_once(session, asked=asked)
    if decision is None:
        return decide_step_by_step(session, asked=asked)
    approving = decision.votes[0].verb in APPROVING
    rejecting = decision.votes[0].verb == "reject"
    return Handed(decision, False, approving, 1, rejecting, 1)


def decide_step_by_step(session: Session, *, asked: Asked) -> Handed | Overtaken:
    """Hand in any verdict, common or not; raises what `decide` does."""
    verdict = asked.verdict
    locked = lock_claim(session, workspace_id=asked.workspace_id, person_id=asked.person_id, claim_id=asked.claim_id)
    at = read_now(session)
    case = open_case(session, locked)
    digest = digest_of(asked)
    before = find_vote(session, claim_id=asked.claim_id)
    if before is not None:
        if before.request_sha256 != digest:
            raise AlreadyVoted
        return _handed(session, case, late=before.late, adjudicates=before.adjudicates)
    if asked.token != locked.item.token or not _may_count(locked):
        return _overtaken(session, at, case, verdict)
    if asked.content_sha256 != case.submission.content_sha256:
        raise ContentChanged
    outcome = judge(
        case.received,
        verdict,
        output_schema=case.task_type.output_schema,
        reason_codes=case.task_type.reason_codes,
    )
    adjudicates = locked.item.adjudicating
    late = not locked.live or locked.claim.expires_at <= at
    if late and locked.live:
        ended_at = locked.claim.expires_at
        finish_claim(session, now=at, actor=SYSTEM, locked=locked, act="expire_claim", ended_at=ended_at)
    judged = Judged(verdict, outcome, digest, late, asked.at_desk)
    cast_vote(session, at=at, actor=asked.actor, case=case, judged=judged)
    return _handed(session, case, late=late, adjudicates=adjudicates)


def _may_count(locked: LockedClaim) -> bool:
    """Say whether a verdict under this claim can still count: live, or ended while nobody took the item since."""
    if not locked.newest or locked.item.state not in OPEN:
        return False
    # What somebody hands in while she is being disabled comes after it; what was given away is not hers any more.
    given_away = locked.claim.outcome in {"revoked", "handed_over", "reassigned"} or (
        # What was held under it may have been given to somebody by name since.
        locked.item.assigned_to not in {None, locked.claim.person_id}
    )
    return locked.live or not (given_away or locked.claim.person_id in locked.item.barred)


def _handed(session: Session, case: Case, *, late: bool, adjudicates: bool) -> Handed:
    item = case.locked.item
    if item.review_mode == "blind" and not adjudicates:
        return Handed(None, late, blind=True)
    decision = find_decision(session, submission_id=case.submission.id, key=case.key)
    votes = decision.votes if decision else list_standing_votes(session, item_id=item.id)
    return Handed(
        decision,
        late=late,
        approvals=sum(v.verb in APPROVING for v in votes),
        approvals_required=item.approvals_required,
        rejections=sum(v.verb == "reject" for v in votes),
        rejections_required=item.rejections_required,
    )


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
