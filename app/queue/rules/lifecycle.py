"""The life of an item: which step leads from which state to which, and how long a lease lasts.

TRANSITIONS is the one table of what may happen: the services ask it, the CHECK constraints, the check of the trail and
docs/lifecycle.md are made from it. Called by every service that moves an item.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.kernel.errors import Conflict

WAITING: Final = "waiting"
RESERVED: Final = "reserved"
CLAIMED: Final = "claimed"
HELD: Final = "held"
DECIDED: Final = "decided"
EXPIRED: Final = "expired"
CANCELLED: Final = "cancelled"
STATES: Final = (WAITING, RESERVED, CLAIMED, HELD, DECIDED, EXPIRED, CANCELLED)
OPEN: Final = (WAITING, RESERVED, CLAIMED, HELD)

ON_TIME: Final = "on_time"
DUE_SOON: Final = "due_soon"
BREACHED: Final = "breached"
STAGES: Final = (ON_TIME, DUE_SOON, BREACHED)

CEILING: Final = timedelta(hours=4)
RESERVATION: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Transition:
    """One allowed step: `act` is the word of the trail, `meaning` a sentence for docs and people."""

    act: str
    before: str
    after: str
    claim_outcome: str | None
    meaning: str


def _from_each(act: str, after: str | None, claim_outcome: str | None, meaning: str) -> tuple[Transition, ...]:
    """Return a step that every open state allows; without `after` the item stays as it is, and so does its claim."""
    return tuple(
        Transition(act, before, after or before, claim_outcome if before == CLAIMED else None, meaning)
        for before in OPEN
    )


TRANSITIONS: Final = (
    Transition("claim", WAITING, CLAIMED, None, "A reviewer takes the item; a new fencing token is given out."),
    Transition("claim", RESERVED, CLAIMED, None, "The item that was fetched ahead is shown; its time begins."),
    Transition("claim", HELD, CLAIMED, None, "Its holder goes on with it."),
    Transition("reserve", WAITING, RESERVED, None, "Fetched ahead for one reviewer, for 60 seconds; costs nothing."),
    Transition("unreserve", RESERVED, WAITING, None, "It was not shown in time, or is not wanted any more."),
    Transition("vote", CLAIMED, WAITING, "voted", "A vote; somebody else has to judge too."),
    Transition("decide", CLAIMED, DECIDED, "decided", "The last vote that was needed."),
    Transition("decide_late", WAITING, DECIDED, None, "The lease had run out, but nobody took the item since."),
    Transition("decide_late", HELD, DECIDED, None, "Its holder judges it under the token from before."),
    Transition("vote_late", WAITING, WAITING, None, "As above, and somebody else has to judge too."),
    Transition("vote_late", HELD, WAITING, None, "As above, and somebody else has to judge too."),
    Transition("skip", CLAIMED, WAITING, "skipped", "The reviewer passes; the item goes back in line."),
    Transition("release", CLAIMED, WAITING, "released", "The reviewer gives it back unfinished."),
    Transition("expire_claim", CLAIMED, WAITING, "expired", "The lease ran out without a sign of life."),
    Transition("revoke_claim", CLAIMED, WAITING, "revoked", "The reviewer was disabled."),
    Transition("hold", CLAIMED, HELD, "held", "The reviewer keeps it for later; no lease runs, nobody else gets it."),
    Transition("unhold", HELD, WAITING, None, "It is given back in line."),
    Transition("hand_over", CLAIMED, WAITING, "handed_over", "The reviewer gives it to a named person."),
    Transition("hand_over", HELD, WAITING, None, "Its holder gives it to a named person."),
    Transition("second_opinion", CLAIMED, WAITING, "flagged", "The reviewer asks somebody else, without judging."),
    Transition("escalate_claim", CLAIMED, WAITING, "escalated", "The reviewer passes it up."),
    *_from_each("reassign", WAITING, "reassigned", "A lead gives it to a named person, or to everybody."),
    *_from_each("escalate", None, None, "It has waited too long, and its next escalation step is taken."),
    *_from_each("due_soon", None, None, "Its time is nearly up."),
    *_from_each("breach", None, None, "Its time is up."),
    *_from_each("relax", None, None, "It has waited long; fewer skills are asked for."),
    Transition("lapse", WAITING, WAITING, None, "The person it was given to did not take it; everybody may."),
    *_from_each("time_out", DECIDED, "timed_out", "Its time is up, and that decides it."),
    *_from_each("expire", EXPIRED, "timed_out", "Its time is up, and nothing is decided."),
    *_from_each("cancel", CANCELLED, "cancelled", "The program took the submission back."),
    Transition("undo", DECIDED, HELD, None, "Whoever decided takes it back before it is final."),
    Transition("supersede", DECIDED, DECIDED, None, "A lead overturns the decision after it was final."),
)
CLAIM_OUTCOMES: Final = tuple(sorted({t.claim_outcome for t in TRANSITIONS if t.claim_outcome}))
_STEPS: Final = {(t.act, t.before): t for t in TRANSITIONS}


class StepNotAllowed(Conflict):
    """The item is in a state that does not allow this step."""


def step(act: str, state: str) -> Transition:
    """Return the transition that `act` makes from `state`.

    Raises:
        StepNotAllowed: the table has no such step.
    """
    transition = _STEPS.get((act, state))
    if transition is None:
        needed = " or ".join(t.before for t in TRANSITIONS if t.act == act)
        raise StepNotAllowed(f"The item is {state}; this needs it to be {needed}.")
    return transition


def extend_lease(*, claimed_at: datetime, now: datetime, claim_ms: int) -> datetime:
    """Return when a lease ends that was renewed now: `claim_ms` from now, never beyond the ceiling of 4 h."""
    return min(now + timedelta(milliseconds=claim_ms), claimed_at + max(CEILING, timedelta(milliseconds=claim_ms)))


def lifecycle_diagram() -> str:
    """Return the table of transitions as Markdown with a Mermaid diagram; steps that stay are in the table only."""
    arrows = "\n".join(f"    {t.before} --> {t.after}: {t.act}" for t in TRANSITIONS if t.before != t.after)
    rows = "\n".join(
        f"| {t.before} | {t.act} | {t.after} | {t.claim_outcome or '-'} | {t.meaning} |" for t in TRANSITIONS
    )
    return (
        "# The life of an item\n\n"
        "Made from `TRANSITIONS` in app/queue/rules/lifecycle.py by `make docs`; do not edit.\n\n"
        f"```mermaid\nstateDiagram-v2\n    [*] --> {WAITING}\n{arrows}\n```\n\n"
        "| from | step | to | claim ends as | meaning |\n|---|---|---|---|---|\n"
        f"{rows}\n"
    )
