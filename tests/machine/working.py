"""Submitting, taking, beating, giving back, cancelling, disabling, and time that passes with and without a sweep."""

from datetime import datetime, timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from app.audit.rules import COMMAND
from app.identity.service import PersonDisabled
from app.kernel.errors import Conflict, Forbidden
from app.queue.models import Claim
from app.queue.service import ClaimLost
from app.review.service import (
    CannotCancel,
    NothingToClaim,
    beat,
    cancel,
    disable_reviewer,
    give_back,
    pause_reviewer,
    resume_reviewer,
    take_item,
)
from tests.factories.work import add_item
from tests.machine.ground import Ground, needs_lease, some_kind, some_person, which
from tests.machine.kinds import KINDS, OTHERS_QUEUE, QUEUES, RELAXED, RELAXED_AFTER_MS
from tests.machine.model import OPEN, Lease, Piece, soon_before
from workers.claims import expire
from workers.deliveries import send_due
from workers.timers import tend


class Working(Ground):
    """The everyday acts."""

    @initialize(kinds=st.lists(some_kind, min_size=3, max_size=6))
    def begin(self, kinds: list[str]) -> None:
        """Begin with something to do."""
        for kind in kinds:
            self.submit(kind)

    @rule(kind=some_kind)
    def submit(self, kind: str) -> None:
        """A program submits an output that has to be reviewed."""
        self.tick()
        what = KINDS[kind]
        with self.world.unit_of_work() as session:
            endpoint = self.world.endpoint if what.endpoint else None
            item = add_item(session, self.world.workspace_id, task_type=kind, endpoint=endpoint, **what.wishes)
            assert set(item.skills) == what.skills
        self.model.pieces.append(Piece.of(kind, item.id, item.submission_id, self.now))

    @rule(person=some_person)
    def take_next(self, person: str) -> None:
        """Somebody asks for the next item."""
        self._take(person, None)

    @rule(person=some_person, n=which)
    def take_that(self, person: str, n: int) -> None:
        """Somebody asks for a particular item."""
        self._take(person, self.piece(n))

    def _take(self, person: str, wanted: Piece | None) -> None:
        act = partial(
            take_item,
            actor=self.world.actor(person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[person],
            channel="api",
            item_id=None if wanted is None else wanted.id,
        )
        if person in self.model.disabled:
            self.expect(act, PersonDisabled)
            return
        at = self.now + timedelta(seconds=1)
        mine, ready = self.model.claimed_by(person), self.model.reserved_for(person)
        over = mine if mine is not None and mine.lease is not None and mine.lease.expires <= at else None
        if over is not None:
            # Her own lease that has run out is ended first; a refusal undoes that.
            lease = over.lease
            over.end("expired")
            mine = None
        if mine is None and wanted is not None and not self._may_open(wanted, person):
            if over is not None and lease is not None:
                lease.ended, over.state = None, "claimed"
            self.expect(act, Conflict, Forbidden)
            return
        if mine is None and wanted is not None and ready not in (None, wanted) and self.model.full(person):
            ready.leave("")
        answer = self.expect(act)
        if mine is not None:
            assert isinstance(answer, tuple)
            assert (answer[0].item_id, answer[1]) == (mine.id, False)
            return
        due = wanted or self._next(person, at)
        if due is None:
            assert isinstance(answer, NothingToClaim), f"nothing was free for {person}, but she got {answer}"
            return
        assert isinstance(answer, tuple), f"{due} was free for {person}, but she got nothing"
        claim, new = answer
        assert new
        assert claim.item_id == due.id, f"{person} should have got {due}"
        self.given(due, person, claim)

    def _may_open(self, piece: Piece, person: str) -> bool:
        """Say whether somebody may take this very item: it is kept for her, or open to her while her hands are free."""
        free = self.model.fits(piece, person) and not self.model.full(person, beside_ready=True)
        return piece.keeper == person or free

    def still_ready(self, person: str, at: datetime) -> Piece | None:
        """Return what is kept ready for somebody, and put back what is not hers any more."""
        ready = self.model.reserved_for(person)
        if ready is not None and ready.kept_until is not None:
            if ready.kept_until > at and ready.queue not in self.model.shut and ready.open_to(person):
                return ready
            ready.leave("")
        return None

    def _next(self, person: str, at: datetime) -> Piece | None:
        """Return what comes next for somebody: what is kept ready, then the line, then what others let run out."""
        full = self.model.full(person)
        ready = self.still_ready(person, at)
        if ready is not None and person not in self.model.away:
            return ready
        if person in self.model.away or full:
            return None
        found = self.model.next_for(person)
        return self.model.next_for(person) if found is None and self.model.expire(at) else found

    def given(self, piece: Piece, person: str, claim: Claim) -> None:
        """Note a new claim: the token after the last, for a whole lease from now on."""
        assert claim.token == len(piece.leases) + 1
        assert claim.claimed_at == self.now
        lease = Lease(claim.id, person, claim.token, claim.claimed_at, claim.claimed_at)
        lease.beat(self.now)
        piece.leases.append(lease)
        piece.state, piece.keeper, piece.kept_until = "claimed", None, None

    @needs_lease
    @rule(n=which, active=st.booleans())
    def pulse(self, n: int, active: bool) -> None:
        """A page says that its reviewer is there, or that it is only open."""
        leases = self.leases()
        _, lease = leases[n % len(leases)]
        self.beats += 1
        act = partial(
            beat,
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[lease.person],
            claim_id=lease.id,
            seq=self.beats,
            client_mono_ms=self.beats * 1000,
            state="active" if active else "idle",
            last_input_age_ms=500,
        )
        if not lease.live or lease.expires <= self.now + timedelta(seconds=1):
            self.expect(act, ClaimLost)
            return
        self.expect(act)
        if active:
            lease.beat(self.now)

    beats = 0

    @needs_lease
    @rule(n=which)
    def release(self, n: int) -> None:
        """A reviewer gives an item back unfinished."""
        self._give_back(n, "release", "released")

    @needs_lease
    @rule(n=which)
    def skip(self, n: int) -> None:
        """A reviewer passes."""
        self._give_back(n, "skip", "skipped")

    def _give_back(self, n: int, act: str, outcome: str) -> None:
        leases = self.leases()
        piece, lease = leases[n % len(leases)]
        do = partial(
            give_back,
            actor=self.world.actor(lease.person),
            workspace_id=self.world.workspace_id,
            person_id=self.world.people[lease.person],
            claim_id=lease.id,
            act=act,
        )
        if not lease.live:
            self.expect(do, ClaimLost)
            return
        self.expect(do)
        piece.end(outcome)
        piece.give(None)
        if act == "skip" and piece.queue == OTHERS_QUEUE:
            piece.barred.add(lease.person)
        else:
            piece.last_for.add(lease.person)

    @precondition(lambda self: len([p for p in self.model.pieces if p.state in OPEN]) > 2)
    @rule(n=which)
    def cancel(self, n: int) -> None:
        """The program takes its submission back."""
        pieces = self.open_first()
        piece = pieces[n % len(pieces)]
        act = partial(cancel, actor=COMMAND, workspace_id=self.world.workspace_id, submission_id=piece.submission_id)
        if piece.state in {"decided", "expired"}:
            self.expect(act, CannotCancel)
            return
        self.expect(act)
        if piece.state != "cancelled":
            piece.leave("cancelled", "cancelled")
            piece.final_at = self.now

    @precondition(lambda self: len(self.model.pieces) > 3 and len(self.model.disabled) == 0)
    @rule(person=st.sampled_from(["ada", "cyd"]))
    def disable(self, person: str) -> None:
        """An admin disables somebody who may hold something."""
        self.tick()
        with self.world.unit_of_work() as session:
            disable_reviewer(session=session, now=self.now, actor=COMMAND, person_id=self.world.people[person])
        self.model.disabled.add(person)
        for piece in self.model.pieces:
            if piece.lease and piece.lease.person == person:
                piece.leave("revoked")
            elif piece.keeper == person:
                piece.put_back()
            if piece.state in OPEN and piece.given_to == person:
                piece.give(None)

    @rule(person=some_person)
    def pause_or_go_on(self, person: str) -> None:
        """Somebody takes a break, or comes back from one."""
        self.tick()
        whose = {"workspace_id": self.world.workspace_id, "person_id": self.world.people[person]}
        act = resume_reviewer if person in self.model.away else pause_reviewer
        with self.world.unit_of_work() as session:
            act(session, now=self.now, actor=self.world.actor(person), **whose)
        ready = self.model.reserved_for(person)
        if ready is not None and person not in self.model.away:
            ready.leave("")
        self.model.away ^= {person}

    @rule(queue=st.sampled_from(QUEUES))
    def stop_or_open(self, queue: str) -> None:
        """Whoever runs queues pauses one, or lets it go on."""
        self.tick()
        self.model.shut ^= {queue}
        with self.world.unit_of_work() as session:
            self.world.set_queue(session, queue, paused=queue in self.model.shut)

    @rule(seconds=st.sampled_from([30, 61, 600, 901, 7_200, 15_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        """Nobody does anything for a while, the sweeper neither."""
        self.world.clock.pass_time(seconds)
        if self.unswept_since is None:
            self.unswept_since = self.now

    @precondition(lambda self: self.unswept_since is not None)
    @rule()
    def sweep(self) -> None:
        """The sweeper comes by: what has run out ends, what is due leaves."""
        self.tick()
        self.swept()
        self.unswept_since = None

    def swept(self) -> None:
        """Do and note what a sweep does."""
        expire(self.world.tools)
        tend(self.world.tools)
        send_due(self.world.tools)
        self.model.expire(self.now)
        for piece in self.model.pieces:
            if piece.state in OPEN:
                self._in_time(piece)

    def _in_time(self, piece: Piece) -> None:
        """Note what time does to an open item."""
        if piece.state == "waiting" and piece.given_until is not None and piece.given_until <= self.now:
            piece.give(None)
        while piece.state in OPEN and self._next_act(piece):
            pass
        if piece.state not in OPEN:
            return
        relaxes = piece.queue == OTHERS_QUEUE and not piece.relaxed
        if relaxes and piece.born + timedelta(milliseconds=RELAXED_AFTER_MS) <= self.now:
            piece.relaxed, piece.skills, piece.candidates = True, piece.skills - {RELAXED}, None
        if piece.stage == "on_time" and piece.soon <= self.now:
            piece.stage = "due_soon"

    def _next_act(self, piece: Piece) -> bool:
        """Note that its time is up, what comes of that, or a step; say whether there was anything."""
        overdue, escalates = piece.stage == "breached", piece.kind.on_timeout == "escalate"
        if not overdue and piece.due <= self.now:
            piece.stage = "breached"
        elif overdue and not escalates:
            self._time_out(piece, piece.kind.on_timeout)
        elif overdue and not piece.steps_left and piece.kind.on_last_timeout != "stay":
            self._time_out(piece, piece.kind.on_last_timeout)
        elif piece.steps_left and (overdue or (piece.step is not None and piece.step <= self.now)):
            self._climb(piece)
        else:
            return False
        return True

    def _climb(self, piece: Piece) -> None:
        """Note a step that time takes; an item whose time is up gets a new one."""
        waited = timedelta(milliseconds=piece.steps_left[0].after_ms)
        piece.climb(self.now)
        if piece.state == "waiting":
            piece.give(None)
        if piece.due <= self.now:
            piece.due, piece.stage = piece.step or self.now + waited, "on_time"
        piece.soon = soon_before(piece.due, self.now)

    def _time_out(self, piece: Piece, on_timeout: str) -> None:
        verbs = {verb for _, verb in piece.votes}
        state = "expired" if on_timeout == "expire" else "decided"
        piece.leave("timed_out", state)
        piece.final_at = self.now
        if state == "decided":
            uses = on_timeout == "use_output" and verbs <= {"approve", "correct"}
            piece.outcome = "rejected" if not uses else "corrected" if "correct" in verbs else "approved"
            piece.decided_by, piece.decider = "timeout", None
