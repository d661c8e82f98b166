"""Who is told about an item: the person it was given to, who holds it, who may take it, or who leads there.

The same question is asked twice, when something happened and when the message leaves: whoever can no longer do
anything about an item is not told of it. Called by the services that spread news and that write messages.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from app.notifications.rules.kinds import BREACHED, DUE_SOON, ESCALATED, HANDED_OVER

# Most people who are told about one item that nobody holds; those who were at work last come first.
AT_MOST: Final = 20
_OPEN: Final = frozenset({"waiting", "reserved", "claimed", "held"})
_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Standing:
    """How an item stands: everything that decides who is told, and what may be said of it."""

    item_id: UUID
    task_type: str
    queue: str
    state: str
    due_at: datetime
    zone: str | None
    skills: frozenset[str]
    voters: frozenset[UUID]
    barred: frozenset[UUID]
    candidates: frozenset[UUID] | None
    for_lead: bool
    assigned_to: UUID | None
    holder: UUID | None

    @property
    def is_open(self) -> bool:
        """Say whether somebody still has to work on it."""
        return self.state in _OPEN


@dataclass(frozen=True)
class Colleague:
    """Somebody of a workspace who reviews, administers, or both. `queues` are names, none means every queue; `groups`
    are ids."""

    person_id: UUID
    name: str
    email: str
    groups: frozenset[UUID]
    skills: frozenset[str]
    queues: frozenset[str]
    lead: bool
    reviews: bool = True
    admin: bool = False
    paused: bool = False
    seen_at: datetime | None = None

    def works(self, queue: str) -> bool:
        """Say whether she has access to this queue."""
        return not self.queues or queue in self.queues


def may_take(item: Standing, person: Colleague) -> bool:
    """Say whether a person may take an item that waits."""
    names = person.groups | {person.person_id}
    return (
        item.state == "waiting"
        and person.reviews
        and (item.assigned_to == person.person_id or (item.assigned_to is None and person.works(item.queue)))
        and item.skills <= person.skills
        and person.person_id not in item.voters
        and not names & item.barred
        and (item.candidates is None or bool(names & item.candidates))
        and (person.lead or not item.for_lead)
    )


def is_concerned(kind: str, item: Standing, person: Colleague) -> bool:
    """Say whether this is (still) something that this person has to know."""
    if not item.is_open or not person.reviews:
        return False
    holds = item.holder == person.person_id
    if kind == HANDED_OVER:
        return item.state == "waiting" and item.assigned_to == person.person_id
    if kind == DUE_SOON:
        return holds or may_take(item, person)
    if kind in {BREACHED, ESCALATED}:
        return (person.lead and person.works(item.queue)) or (kind == BREACHED and holds)
    return False


def choose(kind: str, item: Standing, people: Iterable[Colleague]) -> list[Colleague]:
    """Return who is told: the holder first, then those who are there, then by when they last asked for work."""
    concerned = [person for person in people if is_concerned(kind, item, person)]
    concerned.sort(key=lambda p: p.seen_at or _NEVER, reverse=True)
    concerned.sort(key=lambda p: (p.person_id != item.holder, p.paused))
    return concerned[:AT_MOST]
