"""/: what waits for me, what I hold, and my day so far."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, render_template, url_for

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import SIGNED_IN, allow
from app.identity.queries import get_membership
from app.kernel.ids import show as show_id
from app.queue.models import Claim, Item, Presence
from app.queue.queries import find_live_claim, find_presence, list_assigned, list_kept, list_queues
from app.queue.rules import PAUSE_REASONS
from app.review.queries import count_decisions_since, list_left_drafts, open_claim
from app.submissions.queries import titles_of
from app.timekeeping.queries import active_ms_since
from app.web.zones import my_zone

page = Blueprint("home", __name__)
SOON: Final = timedelta(hours=1)
# Older ones are found on the page of their item.
DRAFTS_FOR: Final = timedelta(days=7)
MOST_DRAFTS: Final = 20


@page.get("/")
@allow(SIGNED_IN)
def show() -> str:
    """Show the home page."""
    person_id = principal().person_id
    assert person_id is not None, "a session is a person's"  # noqa: S101  # held by the guard
    member = get_membership(db(), workspace_id=workspace_id(), person_id=person_id)
    lines = list_queues(db(), workspace_id=workspace_id(), now=now(), soon=SOON)
    hers = member.all_queues
    mine = [q for q in lines if not hers or q.name in hers] if principal().may("review") else []
    midnight = now().astimezone(my_zone()).replace(hour=0, minute=0, second=0, microsecond=0)
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
        kept=_by_name(list_kept(db(), workspace_id=workspace_id(), person_id=person_id)),
        given=_by_name(list_assigned(db(), workspace_id=workspace_id(), person_id=person_id)),
        left_drafts=_left_drafts(person_id) if principal().may("review") else [],
        presence=_presence(find_presence(db(), workspace_id=workspace_id(), person_id=person_id)),
        reviews=principal().may("review"),
    )


def _by_name(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Return items that are mine by name, with where to go on with them."""
    titles = titles_of(db(), workspace_id=workspace_id(), submission_ids={item.submission_id for item in items})
    return [
        {
            "task_type": titles[item.submission_id][0],
            "external_id": titles[item.submission_id][1],
            "due_in_seconds": int((item.due_at - now()).total_seconds()),
            "take_url": url_for("review.take", item=show_id("item", item.id)),
            "until": item.assigned_until,
        }
        for item in items
    ]


def _left_drafts(person_id: UUID) -> list[dict[str, Any]]:
    """Return where my drafts are that I could not hand in."""
    since = now() - DRAFTS_FOR
    return [
        {
            "task_type": draft.task_type,
            "external_id": draft.external_id,
            "saved_at": draft.saved_at,
            "item_url": url_for("item_page.show", item_id=show_id("item", draft.item_id), _anchor="draft"),
        }
        for draft in list_left_drafts(
            db(), workspace_id=workspace_id(), person_id=person_id, since=since, limit=MOST_DRAFTS
        )
    ]


def _presence(presence: Presence | None) -> dict[str, Any]:
    paused = presence is not None and presence.paused_at is not None
    return {
        "paused_at": presence.paused_at if presence is not None and paused else None,
        "reason": presence.reason if presence is not None and paused else None,
        "reasons": PAUSE_REASONS,
        "pause_url": url_for("desk_acts.pause"),
        "resume_url": url_for("desk_acts.resume"),
    }


def _live(claim: Claim | None) -> dict[str, Any] | None:
    if claim is None or claim.expires_at <= now():
        return None
    return {
        "task_type": open_claim(db(), claim=claim).task_type.name,
        "expires_in_seconds": int((claim.expires_at - now()).total_seconds()),
        "review_url": url_for("review.show"),
    }
