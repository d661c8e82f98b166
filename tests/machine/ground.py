"""The ground of the machine: the world, the model beside it, and what must hold after every step.

Acts stand in modules of their own, one for each part of an item's life; a new act is one more method there.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from app.kernel.errors import ServiceError
from app.reports.invariants import check_invariants
from app.reports.invariants.handover import OVERDUE_CLAIMS, OVERDUE_DELIVERIES, OVERDUE_TIMERS
from tests.machine.kinds import KINDS, PEOPLE
from tests.machine.model import OPEN, Lease, Model, Piece
from tests.machine.story import expected, told
from tests.machine.world import World

T = TypeVar("T")
Act = TypeVar("Act", bound=Callable[..., None])

WAITS_FOR_A_SWEEP = {check.rule for check in (OVERDUE_CLAIMS, OVERDUE_DELIVERIES, OVERDUE_TIMERS)}

some_person = st.sampled_from(sorted(PEOPLE))
some_kind = st.sampled_from(sorted(KINDS))
# Which of the items or leases there are.
which = st.integers(0, 5)


# An act that has nothing to act on would be a step lost.
def needs_live(act: Act) -> Act:
    """Have an act only when somebody holds something."""
    found: Act = precondition(lambda self: self.live())(act)
    return found


def needs_lease(act: Act) -> Act:
    """Have an act only when something was ever claimed."""
    found: Act = precondition(lambda self: self.leases())(act)
    return found


class Ground(RuleBasedStateMachine):
    """World and model of one run; everything is undone at its end."""

    world: World
    connection: Connection

    def __init__(self) -> None:
        super().__init__()
        self.model = Model()
        self.names = {person_id: name for name, person_id in self.world.people.items()}
        self.unswept_since: datetime | None = None
        self._mark = self.connection.begin_nested()
        self._began = self.world.clock.at

    def teardown(self) -> None:
        """Undo the run."""
        self._mark.rollback()
        self.world.clock.set(self._began)

    # What acts are made of.

    @property
    def now(self) -> datetime:
        """Return the time that everybody reads."""
        return self.world.clock.at

    def tick(self) -> None:
        """Let a second pass, so that one thing comes after the other."""
        self.world.clock.pass_time(1)

    def piece(self, n: int) -> Piece:
        """Return one of the items."""
        return self.model.pieces[n % len(self.model.pieces)]

    def live(self) -> list[tuple[Piece, Lease]]:
        """Return the live leases."""
        return [(p, p.lease) for p in self.model.pieces if p.lease]

    def leases(self) -> list[tuple[Piece, Lease]]:
        """Return all leases ever given out: live ones first, then those of items with something left to do."""
        found = [(p, lease) for p in self.model.pieces for lease in reversed(p.leases)]
        return sorted(found, key=lambda pair: (not pair[1].live, pair[0].state not in OPEN))

    def open_first(self) -> list[Piece]:
        """Return all items, those with something left to do first."""
        return sorted(self.model.pieces, key=lambda piece: piece.state not in OPEN)

    def attempt(self, act: Callable[[Session], T]) -> T | ServiceError:
        """Do something in a unit of work; a refusal undoes it and is the answer. Anything else is a bug."""
        self.tick()
        try:
            with self.world.unit_of_work() as session:
                return act(session)
        except ServiceError as refusal:
            return refusal

    def expect(self, act: Callable[[Session], T], *refusals: type[ServiceError]) -> T | ServiceError:
        """Do something that must be refused in one of these ways when any is named, and must work when none is."""
        answer = self.attempt(act)
        if refusals:
            assert isinstance(answer, refusals), f"expected {refusals}, got {answer!r}"
        else:
            assert not isinstance(answer, ServiceError), f"refused: {answer!r}"
        return answer

    # What holds after each step.

    @invariant()
    def model_and_tables_tell_the_same(self) -> None:
        """Compare every item with what the model says of it."""
        with self.world.unit_of_work() as session:
            assert told(session, self.names) == {p.id: expected(p) for p in self.model.pieces}

    @invariant()
    def every_promise_holds(self) -> None:
        """Run the checks of `proofdesk verify`; what only a sweeper can end is let off until one has come by."""
        with self.world.unit_of_work() as session:
            found = check_invariants(session)
        unswept = self.unswept_since is not None
        broken = [str(v) for v in found if not (unswept and v.rule in WAITS_FOR_A_SWEEP)]
        assert not broken, "\n".join(broken)
