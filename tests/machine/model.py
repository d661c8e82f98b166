"""What must be true of every item, in plain Python: no table, no SQL and nothing of the product's own rules.

It knows an item as a person would tell its story: who has it, whose votes stand, what came out, when its time is up.
Every act of the machine changes it by hand and compares it with the database afterwards.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tests.machine.kinds import CLAIM_SECONDS, KINDS, PEOPLE, SOON_SECONDS, Kind, Step

OPEN: Final = frozenset({"waiting", "reserved", "claimed", "held"})
CEILING: Final = timedelta(hours=4)


@dataclass
class Lease:
    """One claim, live or ended."""

    id: UUID
    person: str
    token: int
    began: datetime
    expires: datetime
    ended: str | None = None
    said: str | None = None
    undone: bool = False

    @property
    def live(self) -> bool:
        """Say whether it holds its item."""
        return self.ended is None

    def beat(self, now: datetime) -> None:
        """Renew it, up to the ceiling."""
        self.expires = max(self.expires, min(now + timedelta(seconds=CLAIM_SECONDS), self.began + CEILING))


@dataclass
class Piece:
    """One item."""

    id: UUID
    submission_id: UUID
    kind_name: str
    born: datetime
    due: datetime
    soon: datetime
    step: datetime | None
    queue: str
    skills: frozenset[str]
    priority: int
    candidates: frozenset[str] | None
    tier: int = 0
    relaxed: bool = False
    state: str = "waiting"
    leases: list[Lease] = field(default_factory=list)
    stage: str = "on_time"
    given: list[Lease] = field(default_factory=list)
    outcome: str | None = None
    decided_by: str | None = None
    decider: str | None = None
    final_at: datetime | None = None
    keeper: str | None = None
    kept_until: datetime | None = None
    last_for: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    given_to: str | None = None
    given_until: datetime | None = None
    for_lead: bool = False
    adjudicating: bool = False

    @classmethod
    def of(cls, kind_name: str, item_id: UUID, submission_id: UUID, born: datetime) -> "Piece":
        """Return an item that has just come in."""
        kind = KINDS[kind_name]
        due = born + timedelta(milliseconds=kind.sla_ms)
        candidates = None if kind.candidates is None else frozenset({*kind.candidates, *filter(None, [kind.crew])})
        piece = cls(
            id=item_id,
            submission_id=submission_id,
            kind_name=kind_name,
            born=born,
            due=due,
            soon=soon_before(due, born),
            step=None,
            queue=kind.queue,
            skills=kind.skills,
            priority=kind.priority,
            candidates=candidates,
            barred={*kind.excluded, *filter(None, [kind.requester])},
        )
        piece.step = piece.next_step(born)
        return piece

    @property
    def kind(self) -> Kind:
        """Return what was submitted."""
        return KINDS[self.kind_name]

    @property
    def votes(self) -> list[tuple[str, str]]:
        """Return who said what, as far as it stands: not what was taken back, nor what was for another text."""
        standing = [(vote.person, str(vote.said)) for vote in self.given if not vote.undone]
        edits = [n for n, (_, verb) in enumerate(standing) if verb == "correct"]
        return standing if self.kind.blind or not edits else standing[edits[-1] :]

    @property
    def lease(self) -> Lease | None:
        """Return the live claim, if there is one."""
        return self.leases[-1] if self.leases and self.leases[-1].live else None

    @property
    def holder(self) -> str | None:
        """Return who has it now: under a claim, or kept."""
        return self.lease.person if self.lease else self.keeper

    @property
    def status(self) -> str:
        """Return what its submission says of itself."""
        if self.state == "decided":
            return str(self.outcome)
        return self.state if self.state in {"expired", "cancelled"} else "waiting"

    def place(self) -> tuple[int, int, bytes]:
        """Return its place in line: priority, then due time, then age."""
        return -self.priority, int(self.due.timestamp() * 1000), self.id.bytes

    @property
    def steps_left(self) -> tuple[Step, ...]:
        """Return the escalation steps that it has not taken."""
        return self.kind.steps[self.tier :]

    def next_step(self, since: datetime) -> datetime | None:
        """Return when its next step is due, counted from the one before."""
        return since + timedelta(milliseconds=self.steps_left[0].after_ms) if self.steps_left else None

    def climb(self, now: datetime) -> None:
        """Take the next step."""
        step = self.steps_left[0]
        self.tier += 1
        self.queue = step.queue or self.queue
        if step.crew or step.leads:
            self.candidates = frozenset({step.crew}) if step.crew else None
        self.for_lead = self.for_lead or step.leads
        self.priority = step.priority or self.priority
        self.step = self.next_step(now)

    def end(self, outcome: str, state: str = "waiting") -> None:
        """End the live claim."""
        lease = self.lease
        assert lease is not None
        lease.ended, self.state = outcome, state

    def leave(self, outcome: str, state: str = "waiting") -> None:
        """Take it from whoever has it, if somebody has."""
        if self.lease:
            self.end(outcome, state)
        self.state, self.keeper, self.kept_until = state, None, None

    def put_back(self) -> None:
        """Let its keeper put it back in line: if it was held, for everybody, and for her last."""
        if self.state == "held":
            self.last_for.add(str(self.keeper))
            self.give(None)
        self.leave("")

    def give(self, person: str | None, until: datetime | None = None) -> None:
        """Let only this person have it, or everybody."""
        self.given_to, self.given_until = person, until if person else None

    def suits(self, person: str) -> bool:
        """Say whether somebody could judge it if it were given to her by name."""
        who = PEOPLE[person]
        return (
            self.skills <= who.can
            and (self.candidates is None or bool(self.candidates & {person, *who.crews}))
            and person not in {voter for voter, _ in self.votes}
            and person not in self.barred
            and (not self.for_lead or who.lead)
        )

    def open_to(self, person: str) -> bool:
        """Say whether somebody may have it while nobody has it; what was given to her may be of another queue."""
        mine = self.given_to == person
        free = self.given_to is None and PEOPLE[person].works(self.queue)
        return (mine or free) and self.suits(person)


def soon_before(due: datetime, since: datetime) -> datetime:
    """Return when an item counts as due soon: not before it came in."""
    return max(due - timedelta(seconds=SOON_SECONDS), min(since, due))


@dataclass
class Model:
    """All items, in the order in which they came."""

    pieces: list[Piece] = field(default_factory=list)
    disabled: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    shut: set[str] = field(default_factory=set)

    def find(self, item_id: UUID) -> Piece:
        """Return an item by its id."""
        return next(p for p in self.pieces if p.id == item_id)

    def claimed_by(self, person: str) -> Piece | None:
        """Return the item that somebody has claimed, if any."""
        return next((p for p in self.pieces if p.lease and p.lease.person == person), None)

    def reserved_for(self, person: str) -> Piece | None:
        """Return the item that is kept ready for somebody, if any."""
        return next((p for p in self.pieces if p.state == "reserved" and p.keeper == person), None)

    def full(self, person: str, *, beside_ready: bool = False) -> bool:
        """Say whether somebody has in hand as much as she may, or only by what is kept ready for her."""
        capacity = PEOPLE[person].capacity
        hers = sum(p.holder == person for p in self.pieces)
        if beside_ready and self.reserved_for(person) is not None:
            hers -= 1
        return capacity is not None and hers >= capacity

    def fits(self, piece: Piece, person: str) -> bool:
        """Say whether somebody would be handed an item: it waits, its queue is not paused, and it is open to her."""
        return piece.state == "waiting" and piece.queue not in self.shut and piece.open_to(person)

    def expire(self, now: datetime) -> bool:
        """End every lease and every reservation that has run out; say whether there was any."""
        ended = False
        for piece in self.pieces:
            if piece.lease and piece.lease.expires <= now:
                piece.end("expired")
                ended = True
            if piece.kept_until is not None and piece.kept_until <= now:
                piece.leave("")
                ended = True
        return ended

    def line(self, person: str) -> list[Piece]:
        """Return what somebody has not passed before and may have, in order."""
        free = [p for p in self.pieces if self.fits(p, person) and p.given_to is None and person not in p.last_for]
        return sorted(free, key=Piece.place)

    def next_for(self, person: str) -> Piece | None:
        """Return what somebody gets who asks for the next item: hers by name, then in line, then what she passed."""
        free = [p for p in self.pieces if self.fits(p, person)]
        mine = [p for p in free if p.given_to == person]
        line = [p for p in free if p.given_to is None]
        for choice in (mine, self.line(person), line):
            if choice:
                return min(choice, key=Piece.place)
        return None
