"""A process full of reviewers that may be killed at any moment: run by the races, never by the product.

Each thread is one person. She takes what comes next and then does what people do: decides, mostly; gives it back; lets
the lease run out; or loses her connection in the middle of a transaction. Whom a crowded machine keeps waiting too long
for a lock is refused, as the API would answer 503, and goes on to something else. What was answered to her after a
commit goes into a journal, one short line a write, so that a kill never leaves half a line.
"""

import os
import random
from dataclasses import dataclass
from threading import Thread
from typing import Any
from uuid import UUID

from psycopg.errors import LockNotAvailable
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.audit.rules import SYSTEM, Actor
from app.kernel.db import Database, make_engine
from app.kernel.errors import ServiceError
from app.kernel.sealing import Vault
from app.queue.models import Claim, Item
from app.queue.queries import queue_ids
from app.queue.rules import OPEN, Worker
from app.queue.service import claim_next
from app.review.service import Handed, NothingToClaim, decide, expire_claims, give_back, take_item
from tests.factories.reviewing import APPROVE


@dataclass(frozen=True)
class Shift:
    """Whom a process plays, on what, and how it draws its lots."""

    database_url: str
    secret: str
    workspace_id: UUID
    people: tuple[UUID, ...]
    digest: bytes
    journal: str
    seed: int
    claims: int = 0


class _Unplugged(Exception):
    """The connection goes away before the commit."""


def _unplug() -> None:
    raise _Unplugged


def work(shift: Shift) -> None:
    """Play these people until nothing is open any more."""
    _play(shift, _Reviewer)


def claim_only(shift: Shift) -> None:
    """Play people who take items and do nothing with them, until so many claims were made by everybody."""
    _play(shift, _Taker)


def _play(shift: Shift, kind: "type[_Person]") -> None:
    engine = make_engine(shift.database_url, pool_size=8, pool_timeout=600)
    database = Database(engine, Vault(shift.secret), lambda _jobs: None)
    journal = os.open(shift.journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    people = [
        Thread(target=kind(database, shift, person, journal, shift.seed + n).work)
        for n, person in enumerate(shift.people)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()


class _Person:
    """One thread."""

    def __init__(self, database: Database, shift: Shift, person_id: UUID, journal: int, seed: int) -> None:
        self._database = database
        self._shift = shift
        self._person_id = person_id
        self._journal = journal
        self._draw = random.Random(seed)  # noqa: S311  # lots, not secrets

    def work(self) -> None:
        """Work to the end; whatever goes wrong stands in the journal, a lost deadlock too."""
        try:
            while not self._step_or_refused():
                pass
        except Exception as error:
            os.write(self._journal, f"failed {error!r}\n".encode())
            raise

    def _step_or_refused(self) -> bool:
        try:
            return self._step()
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            os.write(self._journal, b"refused\n")
            return False

    def _step(self) -> bool:
        """Do one thing; say whether it was the last."""
        raise NotImplementedError


class _Reviewer(_Person):
    @property
    def _who(self) -> dict[str, Any]:
        return {
            "actor": Actor("person", self._person_id),
            "workspace_id": self._shift.workspace_id,
            "person_id": self._person_id,
        }

    def _note(self, what: str, claim: Claim) -> None:
        os.write(self._journal, f"{what} {claim.item_id} {claim.token} {claim.person_id}\n".encode())

    def _step(self) -> bool:
        claim = self._take()
        if claim is None:
            return self._all_done()
        self._note("claimed", claim)
        self._finish(claim)
        return False

    def _take(self) -> Claim | None:
        unplugged = self._draw.random() < 0.05
        try:
            with self._database.unit_of_work() as session:
                taken = take_item(session, channel="api", **self._who)
                if unplugged:
                    _unplug()
        except _Unplugged:
            return None
        return None if isinstance(taken, NothingToClaim) else taken[0]

    def _finish(self, claim: Claim) -> None:
        lot = self._draw.random()
        try:
            if lot < 0.08:
                with self._database.unit_of_work() as session:
                    give_back(session, claim_id=claim.id, act="release", **self._who)
            elif lot < 0.90:
                self._decide(claim, unplugged=lot > 0.86)
            # Else she goes for a coffee, and her lease runs out.
        except _Unplugged:
            return
        except ServiceError:
            # Her lease ran out meanwhile; somebody else has it.
            return

    def _decide(self, claim: Claim, *, unplugged: bool) -> None:
        with self._database.unit_of_work() as session:
            answer = decide(
                session,
                claim_id=claim.id,
                token=claim.token,
                content_sha256=self._shift.digest,
                verdict=APPROVE,
                at_desk=False,
                **self._who,
            )
            if unplugged:
                _unplug()
        if isinstance(answer, Handed):
            self._note("decided", claim)

    def _all_done(self) -> bool:
        with self._database.unit_of_work() as session:
            expire_claims(session=session, limit=5)
        with self._database.unit_of_work() as session:
            return session.scalar(select(func.count()).select_from(Item).where(Item.state.in_(OPEN))) == 0


class _Taker(_Person):
    """Takes items as the product does; what ends a claim is written short, so that a million claims are minutes.

    Whatever she gives back goes to the end of the line, or every claim would walk over what the ones before left.
    """

    def __init__(self, database: Database, shift: Shift, person_id: UUID, journal: int, seed: int) -> None:
        super().__init__(database, shift, person_id, journal, seed)
        with database.unit_of_work() as session:
            queues = tuple(queue_ids(session, workspace_id=shift.workspace_id, names=[]))
        self._worker = Worker(person_id, (), queues, ())

    def _step(self) -> bool:
        leaves, unplugged = self._draw.random() < 0.1, self._draw.random() < 0.03
        try:
            with self._database.unit_of_work() as session:
                session.execute(_END_OVERDUE, {"person": self._person_id})
                claim = None if session.scalar(_HOLDS, {"person": self._person_id}) else self._claim(session)
                if unplugged:
                    _unplug()
            if claim is not None and not leaves:
                with self._database.unit_of_work() as session:
                    session.execute(_END, {"claim": claim.id})
        except _Unplugged:
            pass
        return self._enough()

    def _claim(self, session: Session) -> Claim | None:
        return claim_next(
            session, actor=SYSTEM, workspace_id=self._shift.workspace_id, worker=self._worker, channel="api"
        )

    def _enough(self) -> bool:
        if self._draw.random() > 0.02:
            return False
        with self._database.unit_of_work() as session:
            return (session.scalar(_HIGHEST) or 0) >= self._shift.claims


_HOLDS = text("SELECT true FROM claims WHERE person_id = :person AND ended_at IS NULL")
# The highest item's token says little of all of them; their sum is the number of claims.
_HIGHEST = text("SELECT sum(token) FROM items")
_GIVE_BACK = """
), back AS (
  SELECT id FROM items WHERE id IN (SELECT item_id FROM wanted) ORDER BY id FOR UPDATE
), ended AS (
  UPDATE claims SET ended_at = least(expires_at, clock_timestamp()), outcome = 'expired'
   WHERE id IN (SELECT id FROM wanted) AND item_id IN (SELECT id FROM back) AND ended_at IS NULL RETURNING item_id
)
UPDATE items SET state = 'waiting', version = version + 1, sort_key = sort_key + 1000000
 WHERE id IN (SELECT item_id FROM ended)
"""
_END = text(f"WITH wanted AS (SELECT id, item_id FROM claims WHERE id = :claim {_GIVE_BACK}")  # noqa: S608  # constants of this module
_OVERDUE = "person_id = :person AND ended_at IS NULL AND expires_at <= clock_timestamp()"
_END_OVERDUE = text(f"WITH wanted AS (SELECT id, item_id FROM claims WHERE {_OVERDUE} {_GIVE_BACK}")  # noqa: S608  # constants of this module
