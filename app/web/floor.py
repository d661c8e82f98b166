"""/floor: who works on what since when, what falls due, and giving an item to somebody else.

For leads. The page draws its board anew every ten seconds with scripts, and by a reload without.
"""

from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, request, url_for
from werkzeug.wrappers import Response

from app.edge.context import db, now, person_id, principal, workspace_id
from app.edge.guard import allow
from app.identity.queries import MembershipRow, list_members
from app.identity.rules import permissions_of_roles
from app.kernel.errors import Conflict, Invalid
from app.kernel.ids import parse, show
from app.queue.models import Presence
from app.reports.floor import list_in_hand, list_presences, read_figures
from app.review.service import assign_item
from app.web.onward import to
from app.web.queue_pages import figures_row, hand_row, seconds_since
from app.web.refusals import sentence_of

page = Blueprint("floor", __name__)
PEOPLE_AT_MOST: Final = 200
NOTE_LENGTH: Final = 2_000
_PAUSES: Final = {"break": "a break", "meeting": "a meeting", "training": "training"}


@page.get("/floor")
@allow("oversee")
def show_floor() -> str:
    """Show the floor as it is now."""
    return _floor(None)


def _floor(refused: str | None) -> str:
    people = [
        m
        for m in list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST)
        if m.enabled and "review" in permissions_of_roles(m.roles)
    ]
    hands: dict[UUID, list[dict[str, Any]]] = {}
    for hand in list_in_hand(db(), workspace_id=workspace_id(), now=now()):
        row = hand_row(hand) | {"assign_url": url_for("floor.assign", item_id=show("item", hand.item_id))}
        hands.setdefault(hand.person_id, []).append(row)
    presences = list_presences(db(), workspace_id=workspace_id())
    board = [_person(m, presences.get(m.person.id), hands.get(m.person.id, [])) for m in people]
    # Those with something in hand come first; whoever has paused with nothing in hand comes last.
    board.sort(key=lambda one: (not one["hands"], one["paused_at"] is not None, one["name"].casefold()))
    return render_template(
        "floor/show.html",
        queues=[figures_row(f) for f in read_figures(db(), workspace_id=workspace_id(), now=now())],
        board=board,
        colleagues=[{"id": show("person", m.person.id), "name": m.person.name} for m in people],
        working=sum(any(h["how"] == "open" for h in one["hands"]) for one in board),
        paused=sum(one["paused_at"] is not None for one in board),
        as_of=now(),
        refused=refused,
    )


def _person(member: MembershipRow, presence: Presence | None, hands: list[dict[str, Any]]) -> dict[str, Any]:
    paused_at = None if presence is None else presence.paused_at
    seen_at = None if presence is None else presence.seen_at
    return {
        "id": show("person", member.person.id),
        "name": member.person.name,
        "paused_at": paused_at,
        "paused_seconds": seconds_since(paused_at),
        "pause": _PAUSES.get(presence.reason or "") if presence is not None else None,
        "seen_at": seen_at,
        "seen_seconds": seconds_since(seen_at),
        "hands": hands,
        "in_hand": sum(hand["how"] != "given" for hand in hands),
        "capacity": member.capacity,
    }


@page.post("/floor/items/<item_id>/assign")
@allow("oversee")
def assign(item_id: str) -> Response | tuple[str, int]:
    """Give an item to a person by name, or back to everybody; whoever has it, has it no more."""
    receiver = request.form.get("to", "")
    if not receiver:
        return _floor("Nobody was chosen, so nothing was changed."), 422
    savepoint = db().begin_nested()
    try:
        assign_item(
            db(),
            actor=principal().actor,
            workspace_id=workspace_id(),
            by=person_id(),
            item_id=parse("item", item_id),
            to=None if receiver == "everybody" else receiver,
            note=request.form.get("note", "").strip()[:NOTE_LENGTH] or None,
        )
    except (Conflict, Invalid) as error:
        savepoint.rollback()
        return _floor(sentence_of(error)), 409 if isinstance(error, Conflict) else 422
    savepoint.commit()
    return to("floor.show_floor", outcome="freed" if receiver == "everybody" else "assigned")
