"""Who may take an item: what a claim needs to know of a person, and the reasons that keep her from an item.

The same rule stands as SQL in the statements that hand items out (app/queue/service/claims.py); a test holds that both
say the same. Called by claims, hand-overs and the queue doctor.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

# Why somebody may not take an item for good, besides having voted on it.
BAR_REASONS: Final = ("requester", "key_owner", "excluded", "editor", "sender")
PAUSE_REASONS: Final = ("break", "meeting", "training", "other")
SKIP_POLICIES: Final = ("me_last", "others", "lead")

OTHER_QUEUE: Final = "other_queue"
MISSING_SKILL: Final = "missing_skill"
VOTED_ALREADY: Final = "voted_already"
NOT_CANDIDATE: Final = "not_candidate"
ASSIGNED_TO_OTHERS: Final = "assigned_to_others"
FOR_LEAD: Final = "for_lead"
# What may keep a person from an item that waits, in the order in which the doctor asks.
REASONS: Final = (
    OTHER_QUEUE,
    ASSIGNED_TO_OTHERS,
    FOR_LEAD,
    NOT_CANDIDATE,
    VOTED_ALREADY,
    *BAR_REASONS,
    MISSING_SKILL,
)


# What may keep a person from every item alike.
PAUSED: Final = "paused"
AT_CAPACITY: Final = "at_capacity"


@dataclass(frozen=True)
class Standing:
    """How a person stands at the moment: since when she paused, how much she has in hand and how much she may.

    `reserved` is the item that is kept ready for her; `seen_lately`: that she asked for work is noted already.
    """

    paused_at: datetime | None = None
    in_hand: int = 0
    capacity: int | None = None
    reserved: UUID | None = None
    seen_lately: bool = False

    @property
    def hindrance(self) -> str | None:
        """Return what keeps her from taking anything, if something does."""
        if self.paused_at is not None:
            return PAUSED
        if self.capacity is not None and self.in_hand >= self.capacity:
            return AT_CAPACITY
        return None


@dataclass(frozen=True)
class Worker:
    """A person as a claim sees her. `groups` and `queues` are ids; `lead` says whether she may take what leads get."""

    person_id: UUID
    groups: tuple[UUID, ...]
    queues: tuple[UUID, ...]
    skills: tuple[str, ...]
    lead: bool = False

    @property
    def names(self) -> list[UUID]:
        """Return the ids that candidates and bars may name her by: her own and her groups'."""
        return [self.person_id, *self.groups]


class Terms(Protocol):
    """What an item asks of whoever takes it."""

    @property
    def queue_id(self) -> UUID: ...
    @property
    def skills(self) -> Sequence[str]: ...
    @property
    def for_lead(self) -> bool: ...
    @property
    def candidates(self) -> Sequence[UUID] | None: ...
    @property
    def voters(self) -> Sequence[UUID]: ...
    @property
    def barred(self) -> Sequence[UUID]: ...
    @property
    def bar_reasons(self) -> Mapping[str, str]: ...
    @property
    def assigned_to(self) -> UUID | None: ...


def reasons_against(item: Terms, worker: Worker, *, assigning: bool = False) -> list[str]:
    """Return every reason why this person may not take an item that waits; none means that she may.

    What was given to her by name may lie in a queue that is not hers.

    Args:
        assigning: Ask as if the item were given to her by name now.
    """
    mine = assigning or item.assigned_to == worker.person_id
    barred = [name for name in worker.names if name in set(item.barred)]
    found = {
        OTHER_QUEUE: not mine and item.queue_id not in worker.queues,
        ASSIGNED_TO_OTHERS: not mine and item.assigned_to is not None,
        FOR_LEAD: item.for_lead and not worker.lead,
        NOT_CANDIDATE: item.candidates is not None and not set(worker.names) & set(item.candidates),
        VOTED_ALREADY: worker.person_id in item.voters,
        MISSING_SKILL: not set(item.skills) <= set(worker.skills),
        **{item.bar_reasons.get(name.hex, "excluded"): True for name in barred},
    }
    return [reason for reason in REASONS if found.get(reason)]
