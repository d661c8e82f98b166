"""Who may take an item: what a claim needs to know of a person, and the reasons that keep somebody from an item."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

# Why somebody may not take an item, besides having voted on it.
BAR_REASONS: Final = ("requester", "key_owner", "excluded", "editor", "sender")
SKIP_POLICIES: Final = ("me_last", "others", "lead")


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
