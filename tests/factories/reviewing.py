"""Reviewers at work: claims, beats and verdicts, and claims that look as if they had begun a while ago."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.rules import Actor
from app.costs.models import CostEntry
from app.queue.models import Claim, Item
from app.review.models import Decision
from app.review.rules.document import DecisionFacts
from app.review.rules.verdict import ActionVerdict, Verdict
from app.review.service import Handed, NothingToClaim, Overtaken, decide, give_back, take_item
from app.submissions.models import Submission
from app.timekeeping.models import TimeEntry
from app.timekeeping.service import record_beat

APPROVE: Final = Verdict("approve")
REJECT: Final = Verdict("reject")


def correct(city: str = "Basel", **parts: Any) -> Verdict:
    """Return a correction to this city."""
    return Verdict("correct", output={"city": city}, has_output=True, **parts)


def on_actions(*verdicts: ActionVerdict, **parts: Any) -> Verdict:
    """Return a verdict with a verb for each action."""
    return Verdict(None, actions=verdicts, **parts)


def take(session: Session, workspace_id: UUID, person_id: UUID, **wanted: Any) -> Claim:
    """Take an item over the API and return the claim; fail when there is nothing."""
    taken = take_item(
        session,
        actor=Actor("person", person_id),
        workspace_id=workspace_id,
        person_id=person_id,
        channel="api",
        **wanted,
    )
    assert isinstance(taken, tuple), taken
    return taken[0]


def of(claim: Claim) -> dict[str, Any]:
    """Return whose claim it is, as every act on one asks."""
    return {
        "actor": Actor("person", claim.person_id),
        "workspace_id": claim.workspace_id,
        "person_id": claim.person_id,
        "claim_id": claim.id,
    }


def look(session: Session, workspace_id: UUID, person_id: UUID, **wanted: Any) -> dict[str, int]:
    """Ask for an item where there is none, and return why."""
    taken = take_item(
        session,
        actor=Actor("person", person_id),
        workspace_id=workspace_id,
        person_id=person_id,
        channel="api",
        **wanted,
    )
    assert isinstance(taken, NothingToClaim), taken
    return taken.why


def decided(answer: Handed | Overtaken) -> DecisionFacts:
    """Return the decision of a verdict that was the last one needed."""
    assert isinstance(answer, Handed), answer
    assert answer.decision is not None, answer
    return answer.decision


def hand_in(
    session: Session,
    claim: Claim,
    verdict: Verdict = APPROVE,
    *,
    token: int | None = None,
    at_desk: bool = False,
    content_sha256: bytes | None = None,
) -> Handed | Overtaken:
    """Hand in a verdict under a claim, with its own token and content unless the test says otherwise."""
    item = session.get_one(Item, claim.item_id)
    submission = session.get_one(Submission, item.submission_id)
    return decide(
        session,
        actor=Actor("person", claim.person_id),
        workspace_id=claim.workspace_id,
        person_id=claim.person_id,
        claim_id=claim.id,
        token=claim.token if token is None else token,
        content_sha256=submission.content_sha256 if content_sha256 is None else content_sha256,
        verdict=verdict,
        at_desk=at_desk,
    )


def put_back(session: Session, claim: Claim, act: str = "release") -> None:
    """Skip or release a claim."""
    give_back(
        session,
        actor=Actor("person", claim.person_id),
        workspace_id=claim.workspace_id,
        person_id=claim.person_id,
        claim_id=claim.id,
        act=act,
    )


def begin_earlier(session: Session, claim: Claim, seconds: float) -> Claim:
    """Let a live claim have begun this much earlier; its lease still ends when it did."""
    claim = session.get_one(Claim, claim.id, populate_existing=True)
    # On a whole millisecond, so that a test can say exactly what it expects of the ledger.
    claim.claimed_at -= timedelta(seconds=seconds, microseconds=claim.claimed_at.microsecond % 1_000)
    session.flush()
    return claim


def run_out(session: Session, claim: Claim, seconds: float = 1) -> Claim:
    """Let the lease of a claim, never renewed, have run out this many seconds ago."""
    claim = begin_earlier(session, claim, claim.claim_ms / 1_000 + seconds)
    claim.expires_at = claim.claimed_at + timedelta(milliseconds=claim.claim_ms)
    session.flush()
    return claim


def heard(session: Session, claim: Claim, seconds: float, *, seq: int = 1, state: str = "active") -> datetime:
    """Keep a beat with fresh input, received this long after the claim began; return when."""
    at = claim.claimed_at + timedelta(seconds=seconds)
    record_beat(
        session,
        now=at,
        claim_id=claim.id,
        seq=seq,
        client_mono_ms=int(seconds * 1_000),
        state=state,
        last_input_age_ms=0,
    )
    return at


def entries(session: Session, claim: Claim) -> Sequence[TimeEntry]:
    """Return a claim's time entries in order."""
    return session.scalars(select(TimeEntry).where(TimeEntry.claim_id == claim.id).order_by(TimeEntry.starts_at)).all()


def active_ms(session: Session, claim: Claim) -> int:
    """Return a claim's posted active milliseconds."""
    return sum(e.ms for e in entries(session, claim) if e.kind == "active")


def prices(session: Session, claim: Claim) -> Sequence[CostEntry]:
    """Return a claim's cost entries in order of time."""
    return session.scalars(
        select(CostEntry)
        .join(TimeEntry, TimeEntry.id == CostEntry.time_entry_id)
        .where(TimeEntry.claim_id == claim.id)
        .order_by(TimeEntry.starts_at)
    ).all()


def decisions(session: Session) -> Sequence[Decision]:
    """Return every decision there is."""
    return session.scalars(select(Decision).order_by(Decision.decided_at)).all()
