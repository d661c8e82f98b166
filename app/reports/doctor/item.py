"""Why an item does not move: its state and who has it, what it asks for, and what each person lacks for it."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.identity.models import Group, Person
from app.queue.models import Item
from app.queue.queries import find_newest_claim, get_item, get_queue
from app.queue.rules import CLAIMED, HELD, OPEN, RESERVED, WAITING
from app.queue.rules.diagnosis import (
    CLOSED,
    LEASE_OVERDUE,
    NOBODY_ELIGIBLE,
    NOBODY_PRESENT,
    PAST_DUE,
    QUEUE_PAUSED,
    TIMER_OVERDUE,
    may_ever,
    reasons_for,
)
from app.queue.rules.eligibility import ASSIGNED_TO_OTHERS, MISSING_SKILL
from app.queue.service import clockwork
from app.reports.doctor.colleagues import Member, everybody, list_queue_names
from app.reports.doctor.leases import SWEPT_WITHIN


@dataclass(frozen=True)
class PersonReasons:
    """One person and an item: `reasons` none means that she would be handed it; `missing` are the skills she lacks."""

    member: Member
    reasons: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def may_ever(self) -> bool:
        """Say whether she could take it once what passes has passed."""
        return may_ever(self.reasons)


@dataclass(frozen=True)
class Timer:
    """Something that will happen to an item by itself: `act` is the word of the trail."""

    act: str
    at: datetime


@dataclass(frozen=True)
class ItemDiagnosis:
    """Why an item does not move. `reasons` are about the item as a whole; `people` say what each person lacks.

    `lacking` counts people by each reason against them; `skills_nobody_has` are those it needs and no reviewer has.
    """

    item: Item
    queue_name: str
    reasons: tuple[str, ...]
    holder: str | None
    held_since: datetime | None
    lease_ends_at: datetime | None
    people: tuple[PersonReasons, ...]
    people_total: int
    lacking: dict[str, int]
    skills_nobody_has: tuple[str, ...]
    timers: tuple[Timer, ...]
    names: dict[UUID, str]

    @property
    def eligible(self) -> int:
        """Return how many people would be handed it now."""
        return sum(not person.reasons for person in self.people)

    @property
    def eligible_ever(self) -> int:
        """Return how many could take it once what passes has passed."""
        return sum(person.may_ever for person in self.people)


def diagnose_item(session: Session, *, now: datetime, workspace_id: UUID, item_id: UUID) -> ItemDiagnosis:
    """Say why an item does not move.

    Raises:
        NoSuchItem: also when it is another workspace's.
    """
    item = get_item(session, workspace_id=workspace_id, item_id=item_id)
    session.refresh(item)
    queue = get_queue(session, workspace_id=workspace_id, queue_id=item.queue_id)
    queues = list_queue_names(session, workspace_id=workspace_id)
    members, total = everybody(session, now=now, workspace_id=workspace_id, queues=queues)
    people = tuple(_person(item, member, queue_paused=queue.paused_at is not None) for member in members)
    claim = find_newest_claim(session, item_id=item.id) if item.state == CLAIMED else None
    lease_ends_at = None if claim is None else claim.expires_at
    timers = _timers(session, item)
    names = _names(session, workspace_id, item, None if claim is None else claim.person_id)
    holder = item.held_by if claim is None else claim.person_id
    return ItemDiagnosis(
        item=item,
        queue_name=queue.name,
        reasons=tuple(_reasons(item, now, lease_ends_at, people, timers, paused=queue.paused_at is not None)),
        holder=None if holder is None else names.get(holder),
        held_since=None if claim is None else claim.claimed_at,
        lease_ends_at=lease_ends_at or item.reserved_until,
        people=people,
        people_total=total,
        lacking=dict(Counter(reason for person in people for reason in person.reasons)),
        skills_nobody_has=_rare(item, members),
        timers=timers,
        names=names,
    )


def _person(item: Item, member: Member, *, queue_paused: bool) -> PersonReasons:
    reasons = tuple(reasons_for(item, member.as_seen, queue_paused=queue_paused))
    missing = sorted(set(item.skills) - set(member.as_seen.worker.skills)) if MISSING_SKILL in reasons else []
    return PersonReasons(member, reasons, tuple(missing))


def _reasons(
    item: Item,
    now: datetime,
    lease_ends_at: datetime | None,
    people: tuple[PersonReasons, ...],
    timers: tuple[Timer, ...],
    *,
    paused: bool,
) -> list[str]:
    """Return what stands in the way of the item as a whole, the most telling first."""
    if item.state not in OPEN:
        return [CLOSED]
    overdue = lease_ends_at is not None and lease_ends_at <= now
    late = any(timer.at <= now - SWEPT_WITHIN for timer in timers)
    waits = item.state == WAITING
    ever = any(person.may_ever for person in people)
    ready = any(not person.reasons and person.member.as_seen.present for person in people)
    found = {
        "claimed_by_others": item.state == CLAIMED and not overdue,
        LEASE_OVERDUE: overdue,
        "held_by_others": item.state == HELD,
        "reserved_for_others": item.state == RESERVED,
        QUEUE_PAUSED: paused,
        NOBODY_ELIGIBLE: waits and not ever,
        ASSIGNED_TO_OTHERS: waits and item.assigned_to is not None,
        NOBODY_PRESENT: waits and ever and not ready and not paused,
        PAST_DUE: item.due_at <= now,
        TIMER_OVERDUE: late,
    }
    return [reason for reason, holds in found.items() if holds]


def _rare(item: Item, members: list[Member]) -> tuple[str, ...]:
    """Return the skills that the item needs and that nobody has who may review."""
    had = {s for m in members if m.as_seen.enabled and m.as_seen.reviews for s in m.as_seen.worker.skills}
    return tuple(sorted(set(item.skills) - had))


def _timers(session: Session, item: Item) -> tuple[Timer, ...]:
    """Return what will happen to an open item by itself, the next first."""
    # Without its mark an item is one from before marks; the sweeper gives it one.
    if item.state not in OPEN or item.soon_at is None:
        return ()
    pending = clockwork(session, item=item).pending()
    return tuple(sorted((Timer(act, at) for act, at in pending.items()), key=lambda timer: timer.at))


def _names(session: Session, workspace_id: UUID, item: Item, holder: UUID | None) -> dict[UUID, str]:
    """Return the names of all people and groups that the item names."""
    ids = {*item.barred, *(item.candidates or ()), *item.voters, *item.skipped_by}
    ids |= {one for one in (item.assigned_to, item.assigned_by, item.held_by, holder) if one is not None}
    people = select(Person.id, Person.name).where(Person.id.in_(ids))
    groups = select(Group.id, Group.name).where(Group.id.in_(ids), Group.workspace_id == workspace_id)
    return {row[0]: row[1] for row in session.execute(people.union_all(groups))} if ids else {}
