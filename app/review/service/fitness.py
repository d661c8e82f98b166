"""Say what a person may work, and refuse to give somebody an item that she could never take.

Called by claiming, hand-overs and leads who assign.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from app.identity.queries import MembershipRow, NoSuchPerson, find_person_by_email, get_membership
from app.identity.rules import permissions_of_roles
from app.kernel.errors import Fault, Forbidden, Invalid
from app.kernel.ids import NoSuchId, parse
from app.queue.models import Item
from app.queue.queries import counts, find_queue_id, look_along, queue_ids, standing_of
from app.queue.rules import Standing, Worker, reasons_against

SENTENCES: Final = {
    "other_queue": "does not work this queue",
    "for_lead": "is no lead, and only a lead may take it",
    "not_candidate": "is not among the people who may take it",
    "voted_already": "has judged it",
    "requester": "asked for it",
    "key_owner": "owns the key that submitted it",
    "excluded": "is excluded from it",
    "editor": "has edited it",
    "sender": "has sent it back",
    "missing_skill": "lacks a skill that it needs",
}


class CannotTakeIt(Invalid):
    """This person could never take the item."""


class OtherQueue(Forbidden):
    """This person does not work that queue."""


@dataclass(frozen=True)
class NothingToClaim:
    """No item is free for this person; `why` counts, per reason, the items that are not.

    `next_due_at` is when the next of all that wait is due, `queues` are those that she works and that are not paused,
    `capped` says that there is more than was looked at.
    """

    why: dict[str, int]
    next_due_at: datetime | None = None
    queues: tuple[UUID, ...] = ()
    capped: bool = False


def check_queue(member: MembershipRow, queue: str | None) -> None:
    """Refuse a queue that is asked for by name and is not the member's.

    Raises:
        OtherQueue: she works others.
    """
    if queue is not None and member.all_queues and queue not in member.all_queues:
        raise OtherQueue


def worker_of(session: Session, member: MembershipRow, *, queue: str | None = None) -> Worker:
    """Return what a claim needs to know of a person, narrowed to one queue if one is asked for.

    Queues that are paused are not among hers.
    """
    names = [queue] if queue is not None else list(member.all_queues)
    return Worker(
        person_id=member.person.id,
        groups=tuple(group.id for group in member.groups),
        queues=tuple(queue_ids(session, workspace_id=member.workspace_id, names=names)),
        skills=member.all_skills,
        lead="oversee" in permissions_of_roles(member.roles),
    )


def why_not(
    session: Session, member: MembershipRow, *, worker: Worker, standing: Standing, queue: str | None = None
) -> NothingToClaim:
    """Return why there is nothing for a person, in one queue if one is asked for."""
    only = None if queue is None else find_queue_id(session, workspace_id=member.workspace_id, name=queue)
    line = look_along(session, workspace_id=member.workspace_id, worker=worker, hindrance=standing.hindrance, only=only)
    return NothingToClaim(counts(line, hindrance=standing.hindrance), line.next_due_at, worker.queues, line.capped)


def standing_of_member(session: Session, member: MembershipRow) -> Standing:
    """Return how a member stands: whether she paused, and how much she has in hand of what she may."""
    return standing_of(session, workspace_id=member.workspace_id, person_id=member.person.id, capacity=member.capacity)


def find_named(session: Session, *, workspace_id: UUID, name: str, pointer: str = "/to") -> MembershipRow:
    """Return the member that is named by id or by e-mail.

    Raises:
        CannotTakeIt: nobody of that name belongs to this workspace.
    """
    try:
        person = find_person_by_email(session, email=name) if "@" in name else None
        return get_membership(
            session, workspace_id=workspace_id, person_id=person.id if person else parse("person", name)
        )
    except (NoSuchId, NoSuchPerson) as error:
        raise CannotTakeIt(faults=[Fault(pointer, "is nobody of this workspace")]) from error


def check_can_take(session: Session, *, item: Item, member: MembershipRow, pointer: str = "/to") -> None:
    """Refuse somebody who could not take this item if it were given to her by name.

    Raises:
        CannotTakeIt: with every reason.
    """
    reasons = []
    if member.person.disabled_at is not None:
        reasons.append("has been disabled")
    if "review" not in permissions_of_roles(member.roles):
        reasons.append("may not review")
    against = reasons_against(item, worker_of(session, member), assigning=True)
    reasons += [SENTENCES[reason] for reason in against]
    if reasons:
        raise CannotTakeIt(faults=[Fault(pointer, reason) for reason in reasons])
