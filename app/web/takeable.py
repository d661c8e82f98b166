"""Whether somebody could take an item at this moment, and why not, in words. Called by the selection and by the route
of files: what one could take one may look at.
"""

from app.edge.context import db, now, person_id, workspace_id
from app.queue.models import Item
from app.queue.rules import WAITING
from app.queue.rules.diagnosis import SAYS
from app.reports.doctor import diagnose_item


def why_not_mine(item: Item) -> str | None:
    """Return why the signed-in person could not take an item now, None when she could."""
    if item.state != WAITING:
        return "It does not wait any more."
    found = diagnose_item(db(), now=now(), workspace_id=workspace_id(), item_id=item.id)
    me = next((p for p in found.people if p.member.id == person_id()), None)
    if me is None:
        return "It is not for you."
    return " ".join(SAYS[reason] for reason in me.reasons) or None
