"""/items/<id>: where a notification leads. What kind of work it is, how it stands, and a button that takes it.

No content is shown here: whoever takes the item sees it at the desk, under a claim.
"""

from flask import Blueprint, render_template, url_for

from app.edge.context import db, now, person_id, workspace_id
from app.edge.guard import allow
from app.identity.queries import get_membership
from app.kernel.ids import parse
from app.kernel.ids import show as show_id
from app.notifications.queries.people import habits_of, list_colleagues
from app.notifications.queries.work import get_standings
from app.notifications.rules.audience import Standing, may_take
from app.queue.queries import find_live_claim, get_item

page = Blueprint("item_page", __name__)


@page.get("/items/<item_id>")
@allow("review")
def show(item_id: str) -> str:
    """Show how an item stands, to anybody of the workspace who reviews."""
    item = get_item(db(), workspace_id=workspace_id(), item_id=parse("item", item_id))
    standing = get_standings(db(), item_ids={item.id})[item.id]
    me = person_id()
    zone = habits_of(db(), workspace_id=workspace_id(), person_id=me).clock
    mine = find_live_claim(db(), workspace_id=workspace_id(), person_id=me)
    held = mine if mine is not None and mine.expires_at > now() else None
    return render_template(
        "item_page/show.html",
        item={
            "id": show_id("item", item.id),
            "task_type": standing.task_type,
            "queue": standing.queue,
            "state": standing.state,
            "due_seconds": (standing.due_at - now()).total_seconds(),
            "due_at": standing.due_at.astimezone(zone),
            "zone": zone.key,
            "is_open": standing.is_open,
            "holder": _holder(standing),
        },
        take_url=url_for("review.take", item=show_id("item", item.id)) if _may_have(standing) else None,
        at_desk=held is not None and held.item_id == item.id,
        busy=held is not None and held.item_id != item.id,
        desk_url=url_for("review.show"),
    )


def _may_have(standing: Standing) -> bool:
    """Say whether I may take this item now, or keep it already."""
    if standing.state in {"reserved", "held"}:
        return standing.holder == person_id()
    me = list_colleagues(db(), workspace_id=workspace_id(), person_ids=[person_id()]).get(person_id())
    return me is not None and may_take(standing, me)


def _holder(standing: Standing) -> str | None:
    who = standing.holder or standing.assigned_to
    if who is None or not standing.is_open:
        return None
    return "you" if who == person_id() else get_membership(db(), workspace_id=workspace_id(), person_id=who).person.name
