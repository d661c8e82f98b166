"""Which items somebody could take at this moment, and in words why not. Called by the selection and by the route of
files: what one could take one may look at.
"""

from collections.abc import Sequence
from uuid import UUID

from app.edge.context import db, now, person_id, workspace_id
from app.identity.queries import get_membership
from app.queue.models import Item
from app.queue.rules import WAITING
from app.queue.rules.diagnosis import SAYS
from app.queue.rules.eligibility import reasons_against
from app.reports.doctor import diagnose_item
from app.review.service.fitness import standing_of_member, worker_of


def takeable(items: Sequence[Item]) -> set[UUID]:
    """Return which of these items the signed-in person could take now, by the rule that hands items out."""
    waiting = [item for item in items if item.state == WAITING]
    if not waiting:
        return set()
    member = get_membership(db(), workspace_id=workspace_id(), person_id=person_id())
    if standing_of_member(db(), member).hindrance is not None:
        return set()
    worker = worker_of(db(), member)
    return {item.id for item in waiting if not reasons_against(item, worker)}


def why_not_mine(item: Item) -> str:
    """Return why she could not, of an item that is not among those."""
    if item.state != WAITING:
        return "It does not wait any more."
    found = diagnose_item(db(), now=now(), workspace_id=workspace_id(), item_id=item.id)
    mine = [SAYS[reason] for person in found.people if person.member.id == person_id() for reason in person.reasons]
    return " ".join(mine) or "It is not for you."
