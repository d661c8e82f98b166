"""Passing an item on: kept for later, kept ready, handed over, sent on, passed up, and given out by a lead."""

from datetime import timedelta
from functools import partial
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from app.identity.service import PersonDisabled
from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.ids import show
from app.queue.models import Item
from app.queue.service import ClaimLost
from app.review.service import (
    CannotTakeIt,
    NothingToClaim,
    ask_second_opinion,
    assign_item,
    escalate_claim,
    hand_over,
    hold,
    reserve_ahead,
    unhold_item,
)
from app.review.service.giving_back import NobodyAbove
from tests.machine.ground import needs_live, some_person, which
from tests.machine.kinds import LAPSE_SECONDS, PEOPLE
from tests.machine.model import OPEN, Lease, Piece
from tests.machine.working import Working

RESERVED_SECONDS = 60
LEAD = "lea"


class Passing(Working):
    """What reviewers and leads do with an item without judging it."""

    def _sender(self, lease: Lease) -> dict[str, Any]:
        return {
            "actor": self.world.actor(lease.person),
            "workspace_id": self.world.workspace_id,
            "person_id": self.world.people[lease.person],
            "claim_id": lease.id,
        }

    def _of(self, n: int) -> tuple[Piece, Lease]:
        leases = self.leases()
        return leases[n % len(leases)]

    @needs_live
    @rule(n=which)
    def keep(self, n: int) -> None:
        """A reviewer keeps an item for later."""
        piece, lease = self._of(n)
        act = partial(hold, **self._sender(lease))
        if not lease.live:
            self.expect(act, ClaimLost)
            return
        self.expect(act)
        piece.end("held", "held")
        piece.keeper = lease.person

    @precondition(lambda self: any(p.state == "held" for p in self.model.pieces))
    @rule(n=which, person=some_person)
    def put_back(self, n: int, person: str) -> None:
        """Somebody puts back what somebody keeps."""
        kept = [p for p in self.model.pieces if p.state == "held"]
        piece = kept[n % len(kept)]
        act = partial(
            unhold_item,
            actor=self.world.actor(person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[person],
            oversees=PEOPLE[person].lead,
            item_id=piece.id,
        )
        if person not in {piece.keeper, LEAD}:
            self.expect(act, Forbidden)
            return
        self.expect(act)
        piece.put_back()

    @rule(person=some_person)
    def fetch_ahead(self, person: str) -> None:
        """The desk has the next item kept ready for somebody."""
        act = partial(
            reserve_ahead,
            actor=self.world.actor(person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[person],
        )
        if person in self.model.disabled:
            self.expect(act, PersonDisabled)
            return
        answer = self.expect(act)
        hindered = person in self.model.away or self.model.full(person)
        ready = self.still_ready(person, self.now)
        if ready is None and not hindered:
            ready = next(iter(self.model.line(person)), None)
            if ready is not None:
                ready.state, ready.keeper = "reserved", person
                ready.kept_until = self.now + timedelta(seconds=RESERVED_SECONDS)
        if ready is None:
            assert isinstance(answer, NothingToClaim)
        else:
            assert isinstance(answer, Item)
            assert answer.id == ready.id

    @needs_live
    @rule(n=which, to=some_person)
    def give_to(self, n: int, to: str) -> None:
        """A reviewer hands an item over to somebody."""
        piece, lease = self._of(n)
        act = partial(hand_over, to=show("person", self.world.people[to]), **self._sender(lease))
        kept = piece.state == "held" and lease is piece.leases[-1]
        if not lease.live and not kept:
            self.expect(act, ClaimLost)
        elif to == lease.person or to in self.model.disabled or not piece.suits(to):
            self.expect(act, Invalid)
        else:
            self.expect(act)
            piece.leave("handed_over")
            piece.last_for.add(lease.person)
            piece.give(to, self.now + timedelta(seconds=LAPSE_SECONDS))

    @needs_live
    @rule(n=which)
    def ask_somebody_else(self, n: int) -> None:
        """A reviewer wants a second opinion."""
        piece, lease = self._of(n)
        act = partial(ask_second_opinion, note="The street is missing.", **self._sender(lease))
        if not lease.live:
            self.expect(act, ClaimLost)
        elif piece.for_lead and not self._above(piece, lease):
            self.expect(act, NobodyAbove)
        else:
            self.expect(act)
            piece.end("flagged")
            self._not_hers(piece, lease)

    @needs_live
    @rule(n=which)
    def pass_up(self, n: int) -> None:
        """A reviewer passes an item up to the leads, of whom there is one."""
        piece, lease = self._of(n)
        act = partial(escalate_claim, **self._sender(lease))
        if not lease.live:
            self.expect(act, ClaimLost)
        elif self._goes_to_leads(piece) and not self._above(piece, lease):
            self.expect(act, NobodyAbove)
        else:
            self.expect(act)
            piece.end("escalated")
            if piece.steps_left:
                piece.climb(self.now)
            else:
                piece.for_lead = True
            self._not_hers(piece, lease)

    def _above(self, piece: Piece, lease: Lease) -> bool:
        """Say whether there is another lead who could judge it."""
        return LEAD not in {lease.person} | piece.barred | {who for who, _ in piece.votes}

    def _goes_to_leads(self, piece: Piece) -> bool:
        return piece.for_lead or not piece.steps_left or piece.steps_left[0].leads

    def _not_hers(self, piece: Piece, lease: Lease) -> None:
        piece.barred.add(lease.person)
        piece.give(None)

    @rule(n=which, to=st.one_of(st.none(), some_person))
    def assign(self, n: int, to: str | None) -> None:
        """The lead gives an item to somebody, or back to everybody."""
        pieces = self.open_first()
        piece = pieces[n % len(pieces)]
        act = partial(
            assign_item,
            actor=self.world.actor(LEAD),
            workspace_id=self.world.workspace_id,
            by=self.world.people[LEAD],
            item_id=piece.id,
            to=None if to is None else show("person", self.world.people[to]),
        )
        if piece.state not in OPEN:
            self.expect(act, Conflict)
        elif to is not None and (to in self.model.disabled or not piece.suits(to)):
            self.expect(act, CannotTakeIt)
        else:
            self.expect(act)
            if piece.holder is not None and piece.holder != to:
                piece.last_for.add(piece.holder)
            piece.leave("reassigned")
            piece.give(to, self.now + timedelta(seconds=LAPSE_SECONDS))
