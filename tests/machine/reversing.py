"""Taking a decision back before it is final, and overturning it afterwards."""

from functools import partial
from typing import Any
from uuid import UUID

from hypothesis.stateful import precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.review.models import Decision
from app.review.service import AlreadyFinal, supersede, undo
from app.review.service.superseding import NotFinal, OwnDecision
from app.review.service.undoing import NotYours
from app.submissions.models import Submission
from tests.machine.ground import Ground, some_person, which
from tests.machine.judging import STATUS, VERDICTS, some_verb
from tests.machine.kinds import PEOPLE
from tests.machine.model import Piece
from tests.machine.passing import LEAD


def needs_decision(act: Any) -> Any:
    """Have an act only when something is decided."""
    return precondition(lambda self: self.decided())(act)


class Reversing(Ground):
    """Undo and supersession."""

    def decided(self) -> list[Piece]:
        """Return what is decided, the newest first."""
        return [p for p in reversed(self.model.pieces) if p.state == "decided"]

    def _decision(self, piece: Piece) -> UUID:
        with self.world.unit_of_work() as session:
            standing = select(Decision).where(Decision.item_id == piece.id, Decision.stands)
            decision_id: UUID = session.scalars(standing).one().id
            return decision_id

    @needs_decision
    @rule(n=which, person=some_person)
    def take_back(self, n: int, person: str) -> None:
        """Somebody takes a decision back, twice."""
        piece = self.decided()[n % len(self.decided())]
        act = partial(
            undo,
            actor=self.world.actor(person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[person],
            oversees=PEOPLE[person].lead,
            decision_id=self._decision(piece),
        )
        assert piece.final_at is not None
        if person not in {piece.decider, LEAD}:
            self.expect(act, NotYours)
        elif piece.decider is None or piece.final_at <= self.now or (piece.final_at - self.now).total_seconds() <= 1:
            self.expect(act, AlreadyFinal)
        else:
            self.expect(act)
            piece.given[-1].undone = True
            piece.state, piece.keeper = "held", piece.decider
            if piece.decider in self.model.disabled:
                piece.put_back()
            piece.outcome = piece.decided_by = piece.decider = piece.final_at = None
            self.expect(act)

    @needs_decision
    @rule(n=which, verb=some_verb)
    def overturn(self, n: int, verb: str) -> None:
        """The lead puts another decision in the place of one that is final."""
        piece = self.decided()[n % len(self.decided())]
        act = partial(self._overturn, piece, self._decision(piece), verb)
        assert piece.final_at is not None
        if (piece.final_at - self.now).total_seconds() > 1:
            self.expect(act, NotFinal)
        elif LEAD in {who for who, _ in piece.votes} | piece.barred | {piece.decider}:
            self.expect(act, OwnDecision)
        else:
            self.expect(act)
            piece.outcome, piece.decided_by, piece.decider = STATUS[verb], "human", LEAD
            piece.final_at = self.now

    def _overturn(self, piece: Piece, decision_id: UUID, verb: str, session: Session) -> object:
        return supersede(
            session,
            actor=self.world.actor(LEAD),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[LEAD],
            decision_id=decision_id,
            content_sha256=session.get_one(Submission, piece.submission_id).content_sha256,
            verdict=VERDICTS[verb],
            reason="The customer complained.",
        )
