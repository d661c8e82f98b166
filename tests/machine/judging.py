"""Verdicts: with every verb, in time and late, under the newest token and under older ones, and once more."""

from datetime import timedelta
from functools import partial
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy.orm import Session

from app.review.rules.verdict import Verdict
from app.review.service import AlreadyVoted, Handed, Overtaken, decide
from app.submissions.models import Submission
from tests.factories.reviewing import APPROVE, REJECT, correct
from tests.machine.ground import needs_lease, needs_live, some_person, which
from tests.machine.kinds import REVIEWS_MAX, UNDO_SECONDS
from tests.machine.model import OPEN, Lease, Piece
from tests.machine.working import Working

VERDICTS: Final = {
    "approve": APPROVE,
    "correct": correct("Basel"),
    "reject": REJECT,
    "respond": Verdict("respond", message="Ask the customer."),
}
STATUS: Final = {"approve": "approved", "correct": "corrected", "reject": "rejected", "respond": "answered"}
# How a claim may end without its reviewer losing the right to be late.
GIVEN_AWAY: Final = frozenset({"revoked", "handed_over", "reassigned"})


# What is approved goes on; everything else mostly ends an item.
some_verb = st.sampled_from(["approve", "approve", "correct", "reject", "respond"])


class Judging(Working):
    """Handing in."""

    @needs_live
    @rule(n=which, verb=some_verb, at_desk=st.booleans())
    def judge(self, n: int, verb: str, at_desk: bool) -> None:
        """Whoever has an item hands in a verdict."""
        live = self.live()
        self._judge(*live[n % len(live)], verb, at_desk)

    @needs_lease
    @rule(n=which, verb=some_verb, at_desk=st.booleans())
    def judge_again_or_late(self, n: int, verb: str, at_desk: bool) -> None:
        """Somebody hands in a verdict under one of all claims ever given out."""
        leases = self.leases()
        self._judge(*leases[n % len(leases)], verb, at_desk)

    @rule(person=some_person, verb=some_verb)
    def take_and_judge(self, person: str, verb: str) -> None:
        """Somebody works off what comes next."""
        self.take_next(person)
        mine = self.model.claimed_by(person)
        if mine is not None and mine.lease is not None:
            self._judge(mine, mine.lease, verb, at_desk=True)

    def _judge(self, piece: Piece, lease: Lease, verb: str, at_desk: bool) -> None:
        act = partial(self._hand_in, piece, lease, verb, at_desk)
        if lease.said is not None:
            if lease.said == verb:
                assert isinstance(self.expect(act), Handed)
            else:
                self.expect(act, AlreadyVoted)
            return
        counts = self.may_count(piece, lease)
        answer = self.expect(act)
        assert isinstance(answer, Handed if counts else Overtaken), f"{answer} under {lease} of {piece}"
        if isinstance(answer, Handed):
            late = not lease.live or lease.expires <= self.now
            assert answer.late == late
            self.said(piece, lease, verb, late=late, at_desk=at_desk)

    def _hand_in(self, piece: Piece, lease: Lease, verb: str, at_desk: bool, session: Session) -> Handed | Overtaken:
        return decide(
            session,
            actor=self.world.actor(lease.person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[lease.person],
            claim_id=lease.id,
            token=lease.token,
            content_sha256=session.get_one(Submission, piece.submission_id).content_sha256,
            verdict=VERDICTS[verb],
            at_desk=at_desk,
        )

    def may_count(self, piece: Piece, lease: Lease) -> bool:
        """Say whether a first verdict under a lease counts: nobody was given the item since, and it is still open."""
        newest = lease.token == len(piece.leases)
        given_away = lease.ended in GIVEN_AWAY or piece.given_to not in {None, lease.person}
        kept_right = lease.live or not (given_away or lease.person in piece.barred)
        return newest and piece.state in OPEN and kept_right

    def said(self, piece: Piece, lease: Lease, verb: str, *, late: bool, at_desk: bool) -> None:
        """Note a vote that counts, and what it makes of the item."""
        lease.said = verb
        piece.given.append(lease)
        status = outcome_of(piece, verb)
        if lease.live:
            lease.ended = "expired" if late else "decided" if status in STATUS.values() else "voted"
        piece.keeper = piece.kept_until = None
        if status in STATUS.values():
            piece.state, piece.outcome, piece.decided_by, piece.decider = "decided", status, "human", lease.person
            piece.final_at = self.now + timedelta(seconds=UNDO_SECONDS if at_desk else 0)
            return
        piece.state = "waiting"
        piece.give(None)
        if verb == "correct" and not piece.kind.blind:
            piece.barred.add(lease.person)
        if status == "disagreed":
            piece.adjudicating = piece.for_lead = True


def outcome_of(piece: Piece, verb: str) -> str:
    """Return what the votes come to: a status, or "disagreed" when a lead has to settle it, or "open"."""
    verbs = [said for _, said in piece.votes]
    edited = "correct" in verbs and not piece.kind.blind
    status = "corrected" if verb == "approve" and edited else STATUS[verb]
    if piece.adjudicating:
        return status
    if piece.kind.blind:
        if verbs.count(verb) >= 2:
            return status
        return "disagreed" if len(verbs) >= REVIEWS_MAX else "open"
    approvals, rejections = sum(said in {"approve", "correct"} for said in verbs), verbs.count("reject")
    if verb == "respond" or approvals >= piece.kind.approvals or rejections >= piece.kind.rejections:
        return status
    return "disagreed" if approvals and rejections and len(verbs) >= REVIEWS_MAX else "open"
