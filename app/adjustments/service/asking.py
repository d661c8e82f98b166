"""Say what the counted time of one's own claim should be. Called by the page of one's own time and by the API."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.adjustments.models import Adjustment
from app.adjustments.queries import PURPOSE
from app.adjustments.rules import LONGEST_MS, REASONS
from app.audit.rules import Actor
from app.audit.service import record
from app.kernel.errors import Conflict, Fault, Invalid, NotFound
from app.kernel.ids import new_id
from app.kernel.rewrapping import Wrapped
from app.kernel.sealing import vault_of
from app.queue.models import Claim

NOTE_LENGTH: Final = 2_000
_EVENTS: Final = {
    "asked": "adjustment.asked",
    "granted": "adjustment.granted",
    "refused": "adjustment.refused",
}
#: What of this domain lies under the installation's secret.
WRAPPED: Final = (Wrapped(Adjustment.note, lambda _: PURPOSE), Wrapped(Adjustment.reply, lambda _: PURPOSE))


class AdjustmentRefused(Invalid):
    """That adjustment cannot be asked for."""


class NoSuchTime(NotFound):
    """There is no such claim of hers."""


class StillRuns(Conflict):
    """The claim still runs; its time is counted when it ends."""


class AskedAlready(Conflict):
    """An adjustment of this claim is asked for already."""


@dataclass(frozen=True)
class Wish:
    """What a person's time should be, why, and in her words."""

    ms: int
    reason: str
    note: str


def ask(
    session: Session, *, now: datetime, actor: Actor, workspace_id: UUID, person_id: UUID, claim_id: UUID, wish: Wish
) -> Adjustment:
    """Say what the counted time of one's own claim should be; somebody else settles it.

    Raises:
        AdjustmentRefused: the time, the reason or the note.
        NoSuchTime: also when it is somebody else's.
        StillRuns, AskedAlready.
    """
    check_wish(wish)
    claim = session.get(Claim, claim_id, populate_existing=True)
    if claim is None or claim.workspace_id != workspace_id or claim.person_id != person_id:
        raise NoSuchTime
    if claim.ended_at is None:
        raise StillRuns
    asked = new_adjustment(
        now=now, workspace_id=workspace_id, person_id=person_id, by=person_id, at=claim.claimed_at, kind="time"
    )
    asked.claim_id = claim.id
    keep(session, actor=actor, made=asked, wish=wish)
    return asked


def check_wish(wish: Wish) -> None:
    """Refuse a wish that makes no sense.

    Raises:
        AdjustmentRefused: the time, the reason or the note.
    """
    faults = []
    if not 0 <= wish.ms <= LONGEST_MS:
        faults.append(Fault("/seconds", "takes 0 to 24 hours"))
    if wish.reason not in REASONS:
        faults.append(Fault("/reason", f"takes one of {', '.join(REASONS)}"))
    if not 1 <= len(wish.note.strip()) <= NOTE_LENGTH:
        faults.append(Fault("/note", f"takes 1 to {NOTE_LENGTH} characters: say what happened"))
    if faults:
        raise AdjustmentRefused(faults=faults)


def new_adjustment(
    *, now: datetime, workspace_id: UUID, person_id: UUID, by: UUID, at: datetime, kind: str
) -> Adjustment:
    """Return an adjustment that nobody has settled; `keep` keeps it."""
    return Adjustment(
        id=new_id(),
        workspace_id=workspace_id,
        person_id=person_id,
        kind=kind,
        state="asked",
        at=at,
        asked_by=by,
        asked_at=now,
    )


def keep(session: Session, *, actor: Actor, made: Adjustment, wish: Wish) -> None:
    """Keep an adjustment with what is wished.

    Raises:
        AskedAlready: one for the same claim is not settled.
    """
    made.asked_ms, made.reason = wish.ms, wish.reason
    made.note = vault_of(session).seal(wish.note.strip().encode(), purpose=PURPOSE)
    savepoint = session.begin_nested()
    session.add(made)
    try:
        session.flush()
    except IntegrityError:
        savepoint.rollback()
        raise AskedAlready from None
    savepoint.commit()
    note_event(session, now=made.asked_at, actor=actor, adjustment=made)


def note_event(session: Session, *, now: datetime, actor: Actor, adjustment: Adjustment) -> None:
    """Leave the event that an adjustment is asked for, granted or refused."""
    record(
        session,
        now=now,
        actor=actor,
        workspace_id=adjustment.workspace_id,
        type=_EVENTS[adjustment.state],
        subject_kind="adjustment",
        subject_id=adjustment.id,
        details={
            "kind": adjustment.kind,
            "reason": adjustment.reason,
            "asked_ms": adjustment.asked_ms,
            "granted_ms": adjustment.granted_ms,
        },
    )
