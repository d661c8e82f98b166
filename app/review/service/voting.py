"""Write a vote down, count it under the item's lock, and close the item with the last one that is needed.

How votes are counted is a pure rule (rules/counting.py); here they are kept. Where reviewers disagree until nobody else
is to be asked, the item goes to a lead, whose verdict decides by itself.
Called by deciding, which holds the locks of item and claim.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.kernel.ids import new_id
from app.queue.rules import RESERVED
from app.queue.service import bar, leave_to_leads, move
from app.review.models import Vote
from app.review.queries import answers_of, open_body
from app.review.rules.answers import comparable
from app.review.rules.counting import Ballot, Count, count, standing
from app.review.rules.verdict import Outcome, Verdict, settle_runs
from app.review.service.case import Case, body_of, seal_body, terms_of
from app.review.service.closing import NewDecision, write_decision
from app.review.service.drafts import drop_draft
from app.review.service.posting import finish_claim, pay_piece
from app.timekeeping.queries import posted_active_ms


@dataclass(frozen=True)
class Judged:
    """A verdict that counts: as handed in, what it comes to, its digest, and whether it is late or from the desk."""

    verdict: Verdict
    outcome: Outcome
    digest: bytes
    late: bool
    at_desk: bool


@dataclass(frozen=True)
class _Tally:
    """The earlier votes that still stand beside the new one, and what all of them come to."""

    kept: list[Vote]
    count: Count

    @property
    def decided(self) -> bool:
        return self.count.result == "decided"


def cast_vote(session: Session, *, at: datetime, actor: Actor, case: Case, judged: Judged) -> None:
    """Write a vote down and either keep the item waiting for somebody else or decide it."""
    item, claim = case.locked.item, case.locked.claim
    answer = case.key.mark(comparable(judged.outcome, judged.verdict.message), purpose="answer")
    tally = _count(session, case, Ballot(claim.person_id, judged.outcome.verb, answer))
    status = _status(case, judged.outcome, tally) if tally.decided else None
    # Voters and state are written together: one new version of the item's row, not two.
    with session.no_autoflush:
        item.voters = [*(v.person_id for v in tally.kept), claim.person_id]
        if not tally.decided:
            _let_others_judge(case, judged, tally)
        facts = _facts(case, judged, tally, status)
        active_ms = _end_claim(session, at, actor, case, decides=tally.decided, late=judged.late, facts=facts)
    vote = Vote(
        id=new_id(),
        workspace_id=item.workspace_id,
        item_id=item.id,
        claim_id=claim.id,
        person_id=claim.person_id,
        token=claim.token,
        verb=judged.outcome.verb,
        late=judged.late,
        counts=True,
        adjudicates=item.adjudicating and tally.decided,
        answer=answer,
        reason_codes=list(judged.verdict.reason_codes),
        request_sha256=judged.digest,
        body=seal_body(case.key, body_of(judged.verdict, judged.outcome)),
        active_ms=active_ms,
        at=at,
    )
    session.add(vote)
    drop_draft(session, item_id=item.id, person_id=claim.person_id)
    session.flush()
    if status is not None:
        _decide(session, at, case, judged, status, body=_body(case, judged, tally, answer))


def _count(session: Session, case: Case, ballot: Ballot) -> _Tally:
    """Count the new vote with those that still stand beside it; the others are made void."""
    if case.locked.item.adjudicating:
        return _Tally(case.standing, Count("decided"))
    terms = terms_of(case.locked.item)
    ballots = [*map(ballot_of, case.standing), ballot]
    places = standing(ballots, blind=terms.blind)
    kept = [vote for n, vote in enumerate(case.standing) if n in places]
    void = [vote.id for n, vote in enumerate(case.standing) if n not in places]
    if void:
        session.execute(update(Vote).where(Vote.id.in_(void)).values(counts=False))
    return _Tally(kept, count([ballots[n] for n in places], terms))


def ballot_of(vote: Vote) -> Ballot:
    """Return a vote as counting sees it."""
    return Ballot(vote.person_id, vote.verb, vote.answer or b"")


def _let_others_judge(case: Case, judged: Judged, tally: _Tally) -> None:
    """Open the item to whoever has to judge next: not to whoever edited it, and after all to a lead alone."""
    item, claim = case.locked.item, case.locked.claim
    # It was given to her by name, and she has judged it.
    item.assigned_to = item.assigned_by = item.assigned_until = None
    if judged.outcome.verb == "correct" and item.review_mode == "open":
        bar(item, person_id=claim.person_id, reason="editor")
    if tally.count.result == "disagreed":
        item.adjudicating = True
        leave_to_leads(item)


def _facts(case: Case, judged: Judged, tally: _Tally, status: str | None) -> dict[str, Any]:
    """Return what the trail says of the vote."""
    facts: dict[str, Any] = {"verb": judged.outcome.verb, "vote_needed": tally.count.missing}
    facts |= {} if status is None else {"status": status}
    return facts | (
        {"adjudication": "given" if tally.decided else "asked for"} if case.locked.item.adjudicating else {}
    )


def _end_claim(
    session: Session, at: datetime, actor: Actor, case: Case, *, decides: bool, late: bool, facts: dict[str, Any]
) -> int:
    """Make the step that the vote is, and return the active milliseconds of its claim."""
    item, act = case.locked.item, "decide" if decides else "vote"
    if not late:
        ended: dict[str, Any] = {"locked": case.locked, "act": act, "ended_at": at, "details": facts, "judged": True}
        return finish_claim(session, now=at, actor=actor, **ended)
    if item.state == RESERVED:
        # Fetched ahead for somebody who has not seen it; a late verdict counts until it is shown.
        move(session, now=at, actor=actor, item=item, act="unreserve")
    move(session, now=at, actor=actor, item=item, act=f"{act}_late", details=facts)
    pay_piece(session, at=at, claim=case.locked.claim)
    return posted_active_ms(session, claim_id=case.locked.claim.id)


def _status(case: Case, outcome: Outcome, tally: _Tally) -> str:
    """Return the decision's status; to approve what somebody corrected is to decide on the correction."""
    seen = case.locked.item.review_mode == "open"
    corrected = seen and outcome.verb == "approve" and any(v.verb == "correct" for v in tally.kept)
    return "corrected" if corrected else outcome.status


def _body(case: Case, judged: Judged, tally: _Tally, answer: bytes) -> dict[str, Any]:
    """Return the body of the decision that this vote makes, with the actions as all votes settle them."""
    item, outcome, earlier = case.locked.item, judged.outcome, tally.kept
    if item.adjudicating:
        adopted = [a.label for v, a in answers_of(earlier, key=case.key) if v.answer == answer]
        settled = {"answers": len(earlier), "adopted": adopted[0] if adopted else None}
        return body_of(judged.verdict, outcome, adjudication=settled)
    if item.review_mode == "blind":
        earlier = [vote for n, vote in enumerate(earlier) if n in tally.count.grounds]
    others = [open_body(v.body, case.key)["actions"] for v in earlier]
    actions = settle_runs(outcome.actions, others, required=item.approvals_required)
    return body_of(judged.verdict, replace(outcome, actions=actions))


def _decide(session: Session, at: datetime, case: Case, judged: Judged, status: str, *, body: dict[str, Any]) -> None:
    claim = case.locked.claim
    undo_ms = case.task_type.undo_ms if judged.at_desk else 0
    new = NewDecision(
        item_id=case.locked.item.id,
        status=status,
        body=body,
        final_at=at + timedelta(milliseconds=undo_ms),
        claim_id=claim.id,
        decided_by=claim.person_id,
        late=judged.late,
    )
    write_decision(
        session,
        now=at,
        submission=case.submission,
        task_type=case.task_type,
        received=case.original,
        key=case.key,
        new=new,
    )
