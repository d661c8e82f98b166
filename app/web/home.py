"""/: what waits for me, what I hold, and my day so far."""

from datetime import timedelta
from typing import Any, Final

from flask import Blueprint, render_template, url_for

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import SIGNED_IN, allow
from app.identity.queries import get_membership
from app.queue.models import Claim
from app.queue.queries import find_live_claim, list_queues
from app.review.queries import count_decisions_since, open_claim
from app.timekeeping.queries import active_ms_since

page = Blueprint("home", __name__)
SOON: Final = timedelta(hours=1)


@page.get("/")
@allow(SIGNED_IN)
def show() -> str:
    """Show the home page."""
    person_id = principal().person_id
    assert person_id is not None, "a session is a person's"  # noqa: S101  # held by the guard
    member = get_membership(db(), workspace_id=workspace_id(), person_id=person_id)
    lines = list_queues(db(), workspace_id=workspace_id(), now=now(), soon=SOON)
    mine = [q for q in lines if not member.queues or q.name in member.queues] if principal().may("review") else []
    midnight = now().replace(hour=0, minute=0, second=0, microsecond=0)
    return render_template(
        "home/show.html",
        queues=[
            {
                "name": q.name,
                "waiting": q.waiting,
                "oldest_seconds": (now() - q.oldest_at).total_seconds() if q.oldest_at else None,
                "due_soon": q.due_soon,
                "breached": q.breached,
                "take_url": url_for("review.take", queue=q.name),
            }
            for q in mine
        ],
        live_claim=_live(find_live_claim(db(), workspace_id=workspace_id(), person_id=person_id)),
        today={
            "active_seconds": active_ms_since(db(), workspace_id=workspace_id(), person_id=person_id, since=midnight)
            // 1000,
            "decisions": count_decisions_since(db(), workspace_id=workspace_id(), person_id=person_id, since=midnight),
        },
        take_url=url_for("review.take"),
    )


def _live(claim: Claim | None) -> dict[str, Any] | None:
    if claim is None or claim.expires_at <= now():
        return None
    return {
        "task_type": open_claim(db(), claim=claim).task_type.name,
        "expires_in_seconds": int((claim.expires_at - now()).total_seconds()),
        "review_url": url_for("review.show"),
    }
