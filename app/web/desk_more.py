"""What the desk offers besides judging: whom an item can be given to, how it can be skipped, what colleagues left.

Called by the review pages.
"""

from typing import Any, Final

from sqlalchemy.orm import Session

from app.identity.queries import list_members
from app.identity.rules import permissions_of_roles
from app.kernel.ids import show
from app.queue.queries import get_queue, list_paused
from app.review.queries import OpenClaim
from app.web.schema_form import Posted

MOST_COLLEAGUES: Final = 200
_DID: Final = {
    "skip": "skipped it",
    "release": "put it back",
    "hold": "kept it for later",
    "hand_over": "gave it on",
    "second_opinion": "asks for a second opinion",
    "escalate_claim": "passed it up",
    "reassign": "gave it to somebody",
}


def more(session: Session, opened: OpenClaim, *, posted: Posted) -> dict[str, Any]:
    """Return the variables of review/_more.html and review/_notes.html."""
    item = opened.item
    queue = get_queue(session, workspace_id=item.workspace_id, queue_id=item.queue_id)
    return {
        "skip_reasons": queue.skip_reasons,
        "unskippable": item.unskippable,
        "chosen_skip": posted.get("skip_reason", ""),
        "act_note": posted.get("act_note", ""),
        "hand_to": posted.get("hand_to", ""),
        "colleagues": [] if opened.blind else _colleagues(session, opened),
        "flagged": item.flagged,
        "notes": [
            {"name": n.name, "what": _DID.get(n.kind, "wrote"), "at": n.at, "text": n.text} for n in opened.notes
        ],
    }


def _colleagues(session: Session, opened: OpenClaim) -> list[dict[str, Any]]:
    """Return whom the item can be given to; whether somebody lacks a skill for it is looked at when it is given."""
    item = opened.item
    paused = list_paused(session, workspace_id=item.workspace_id)
    needed = "oversee" if item.for_lead else "review"
    never = {opened.claim.person_id, *item.voters, *item.barred}
    return [
        {"id": show("person", m.person.id), "name": m.person.name, "paused": m.person.id in paused}
        for m in list_members(session, workspace_id=item.workspace_id, limit=MOST_COLLEAGUES)
        if m.enabled and m.person.id not in never and needed in permissions_of_roles(m.roles)
    ]
