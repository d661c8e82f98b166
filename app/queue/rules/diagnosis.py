"""Why nothing moves, in words: every reason that the queue doctor knows, and what each one means.

A reason is a word that programs can count and people can read about. What keeps a person from an item is found here
with the rule that hand-overs use, so that the doctor never says something else than the line does. Pure; called by the
doctor's reports and by those who show them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.queue.rules.eligibility import (
    ASSIGNED_TO_OTHERS,
    AT_CAPACITY,
    BAR_REASONS,
    FOR_LEAD,
    MISSING_SKILL,
    NOT_CANDIDATE,
    OTHER_QUEUE,
    PAUSED,
    VOTED_ALREADY,
    Standing,
    Terms,
    Worker,
    reasons_against,
)

DISABLED: Final = "disabled"
NO_REVIEW_RIGHT: Final = "no_review_right"
QUEUE_PAUSED: Final = "queue_paused"
NOBODY_ELIGIBLE: Final = "nobody_eligible"
NOBODY_PRESENT: Final = "nobody_present"
NOTHING_WAITING: Final = "nothing_waiting"
LEASE_OVERDUE: Final = "lease_overdue"
PAST_DUE: Final = "past_due"
TIMER_OVERDUE: Final = "timer_overdue"
SKIPPED: Final = "skipped"
CLOSED: Final = "closed"

SAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        NOTHING_WAITING: "Nothing waits.",
        "claimed_by_others": "Somebody else is at work on it.",
        "claimed_by_me": "You are at work on it.",
        "held_by_others": "Somebody else keeps it for later; only she or a lead can put it back.",
        "held_by_me": "You keep it for later.",
        "reserved_for_others": "It is kept ready for somebody else, for a minute at most.",
        "reserved_for_me": "It is kept ready for you.",
        LEASE_OVERDUE: "A lease has run out and nobody has put the item back yet; the sweeper may not be running.",
        QUEUE_PAUSED: "Its queue is paused; whoever runs queues can let it go on.",
        OTHER_QUEUE: "It lies in a queue that is not among the queues of this person or her groups.",
        ASSIGNED_TO_OTHERS: "It was given to somebody else by name, until that lapses.",
        FOR_LEAD: "Only a lead may take it.",
        NOT_CANDIDATE: "It names candidates, and this person is not among them.",
        VOTED_ALREADY: "This person has judged it already; somebody else has to judge it too.",
        "requester": "This person asked for it.",
        "key_owner": "The key that sent it is this person's.",
        "excluded": "The program that sent it excludes this person or a group of hers.",
        "editor": "This person has edited it, so somebody else has to approve it.",
        "sender": "This person has sent it back.",
        MISSING_SKILL: "It needs a skill that neither this person nor a group of hers has.",
        SKIPPED: "This person skipped it; it comes back to her after everything else.",
        AT_CAPACITY: "This person has in hand as much as she may.",
        PAUSED: "This person has paused.",
        DISABLED: "This person is disabled.",
        NO_REVIEW_RIGHT: "None of this person's roles may review.",
        NOBODY_ELIGIBLE: "Nobody of this workspace may ever take it as things are.",
        NOBODY_PRESENT: "Whoever may take it is paused, has her hands full, or has not asked for work lately.",
        PAST_DUE: "Its time is up.",
        TIMER_OVERDUE: "Something should have happened to it by now; the sweeper may not be running.",
        CLOSED: "There is nothing left to do with it.",
    }
)
# What passes by itself or by the person's own act; anything else keeps her from the item for good, as things are.
PASSING: Final = frozenset({PAUSED, AT_CAPACITY, QUEUE_PAUSED, ASSIGNED_TO_OTHERS})
LASTING_OBSTACLES: Final = frozenset({DISABLED, NO_REVIEW_RIGHT})
ALL_REASONS: Final = (*SAYS,)
assert set(BAR_REASONS) <= set(SAYS)  # noqa: S101  # a word without a meaning would be shown bare


@dataclass(frozen=True)
class Colleague:
    """A person of a workspace as the doctor sees her. `worker.queues` are all of hers, paused ones too.

    `present`: she asked for work or holds something live, lately, and has not paused.
    """

    worker: Worker
    standing: Standing
    enabled: bool
    reviews: bool
    present: bool = False

    @property
    def obstacles(self) -> list[str]:
        """Return what keeps her from every item alike."""
        found = {DISABLED: not self.enabled, NO_REVIEW_RIGHT: not self.reviews}
        hindrance = self.standing.hindrance
        return [word for word, holds in found.items() if holds] + ([] if hindrance is None else [hindrance])


def reasons_for(item: Terms, colleague: Colleague, *, queue_paused: bool) -> list[str]:
    """Return every reason why an item that waits is not handed to a person now; none means that it would be."""
    paused = [QUEUE_PAUSED] if queue_paused else []
    return [*colleague.obstacles, *paused, *reasons_against(item, colleague.worker)]


def may_ever(reasons: Iterable[str]) -> bool:
    """Say whether somebody with these reasons against her could take the item once what passes has passed."""
    return all(reason in PASSING for reason in reasons)
