"""The life of an item and its place in line.

TRANSITIONS is the one table of what may happen: the services ask it, the CHECK constraints and docs/lifecycle.md are
made from it. The sort key puts priority before due time in one integer, so that a claim is one range of one index.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.kernel.errors import Conflict

WAITING: Final = "waiting"
CLAIMED: Final = "claimed"
DECIDED: Final = "decided"
CANCELLED: Final = "cancelled"
STATES: Final = (WAITING, CLAIMED, DECIDED, CANCELLED)

MAX_PRIORITY: Final = 100
CEILING: Final = timedelta(hours=4)
# Room for the milliseconds of the years until 2527 below the priority's bits.
_DUE_BITS: Final = 44


@dataclass(frozen=True)
class Transition:
    """One allowed step: `act` is the word of the trail, `meaning` a sentence for docs and people."""

    act: str
    before: str
    after: str
    claim_outcome: str | None
    meaning: str


TRANSITIONS: Final = (
    Transition("claim", WAITING, CLAIMED, None, "A reviewer takes the item; a new fencing token is given out."),
    Transition("vote", CLAIMED, WAITING, "voted", "Approved, but a further approval is required from somebody else."),
    Transition("decide", CLAIMED, DECIDED, "decided", "The last vote that was needed; the decision is final."),
    Transition("decide_late", WAITING, DECIDED, None, "The lease had run out, but nobody took the item since."),
    Transition("vote_late", WAITING, WAITING, None, "As above, and a further approval is still required."),
    Transition("skip", CLAIMED, WAITING, "skipped", "The reviewer passes; the item goes back in line."),
    Transition("release", CLAIMED, WAITING, "released", "The reviewer gives it back unfinished."),
    Transition("expire_claim", CLAIMED, WAITING, "expired", "The lease ran out without a sign of life."),
    Transition("revoke_claim", CLAIMED, WAITING, "revoked", "The reviewer was disabled."),
    Transition("cancel", WAITING, CANCELLED, None, "The program took the submission back."),
    Transition("cancel_claimed", CLAIMED, CANCELLED, "cancelled", "As above, while somebody was reading it."),
)
CLAIM_OUTCOMES: Final = tuple(sorted({t.claim_outcome for t in TRANSITIONS if t.claim_outcome}))
_BY_ACT: Final = {t.act: t for t in TRANSITIONS}


class StepNotAllowed(Conflict):
    """The item is in a state that does not allow this step."""


def step(act: str, state: str) -> Transition:
    """Return the transition that `act` makes from `state`.

    Raises:
        StepNotAllowed: the table has no such step.
    """
    transition = _BY_ACT[act]
    if transition.before != state:
        raise StepNotAllowed(f"The item is {state}; this needs it to be {transition.before}.")
    return transition


def sort_key(priority: int, due_at: datetime) -> int:
    """Return the place in line: higher priority first, then the earlier due time (to the millisecond)."""
    due_ms = max(0, int(due_at.timestamp() * 1000))
    return ((MAX_PRIORITY - priority) << _DUE_BITS) | min(due_ms, (1 << _DUE_BITS) - 1)


def extend_lease(*, claimed_at: datetime, now: datetime, claim_ms: int) -> datetime:
    """Return when a lease ends that was renewed now: `claim_ms` from now, never beyond the ceiling of 4 h."""
    return min(now + timedelta(milliseconds=claim_ms), claimed_at + max(CEILING, timedelta(milliseconds=claim_ms)))


def lifecycle_diagram() -> str:
    """Return the table of transitions as Markdown with a Mermaid diagram."""
    arrows = "\n".join(f"    {t.before} --> {t.after}: {t.act}" for t in TRANSITIONS)
    rows = "\n".join(
        f"| {t.before} | {t.act} | {t.after} | {t.claim_outcome or '-'} | {t.meaning} |" for t in TRANSITIONS
    )
    return (
        "# The life of an item\n\n"
        "Made from `TRANSITIONS` in app/queue/rules.py by `make docs`; do not edit.\n\n"
        f"```mermaid\nstateDiagram-v2\n    [*] --> {WAITING}\n{arrows}\n```\n\n"
        "| from | step | to | claim ends as | meaning |\n|---|---|---|---|---|\n"
        f"{rows}\n"
    )
