"""/queue, /queue/<id>: what waits, who has what in hand, and why nothing moves.

Whoever may see queues sees all of them, a reviewer those that she works. No content stands here.
"""

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, render_template, request, url_for

from app.edge.context import db, now, principal, workspace_id
from app.edge.guard import SIGNED_IN, MissingScope, allow
from app.identity.queries import MembershipRow, get_membership, list_members
from app.identity.rules import permissions_of_roles
from app.kernel.ids import parse, show
from app.queue.models import Queue
from app.queue.queries import NoSuchQueue, get_calendar, get_queue
from app.queue.rules import explain_score
from app.reports.doctor import diagnose_queue
from app.reports.floor import (
    InHand,
    InLine,
    QueueFigures,
    list_in_hand,
    list_line,
    list_presences,
    read_figures,
)
from app.web.diagnosis import why_queue
from app.web.durations import write_duration

page = Blueprint("queue_pages", __name__)
LINES: Final = 50
PEOPLE_AT_MOST: Final = 200
SKIPPING: Final = {
    "me_last": "A skipped item comes back to whoever skipped it after everything else.",
    "others": "A skipped item goes to others only.",
    "lead": "A skipped item goes to a lead.",
}


@page.get("/queue")
@allow(SIGNED_IN)
def show_all() -> str:
    """Show every queue that this person may see."""
    mine = own_queues()
    figures = [f for f in read_figures(db(), workspace_id=workspace_id(), now=now()) if mine is None or f.name in mine]
    return render_template(
        "queues/list.html",
        queues=[figures_row(f) for f in figures],
        everything=mine is None,
        setup_url=url_for("queue_settings.show_all") if principal().may("run_queues") else None,
    )


@page.get("/queue/<queue_id>")
@allow(SIGNED_IN)
def show_one(queue_id: str) -> str:
    """Show one queue: its figures, its settings, who can work it, what is in hand, and its line."""
    queue = get_queue(db(), workspace_id=workspace_id(), queue_id=parse("queue", queue_id))
    mine = own_queues()
    if mine is not None and queue.name not in mine:
        raise NoSuchQueue
    (figures,) = [f for f in read_figures(db(), workspace_id=workspace_id(), now=now()) if f.id == queue.id]
    rows = list_line(db(), queue_id=queue.id, limit=LINES + 1, after=request.args.get("after"))
    more = rows[LINES - 1].place if len(rows) > LINES else None
    hands = list_in_hand(db(), workspace_id=workspace_id(), now=now(), queue_id=queue.id)
    found = diagnose_queue(db(), now=now(), workspace_id=workspace_id(), queue_id=queue.id)
    return render_template(
        "queues/one.html",
        queue=figures_row(figures),
        settings=_settings(queue),
        why=why_queue(found),
        workers=_workers(queue),
        hands=[hand_row(h) for h in hands],
        rows=[_row(r, queue) for r in rows[:LINES]],
        by_value=queue.value_order,
        first="after" not in request.args,
        more_url=url_for("queue_pages.show_one", queue_id=queue_id, after=more) if more else None,
        start_url=url_for("queue_pages.show_one", queue_id=queue_id),
        settings_url=url_for("queue_settings.show_one", queue_id=queue_id) if principal().may("run_queues") else None,
        by_name=mine is None,
    )


def own_queues() -> tuple[str, ...] | None:
    """Return the queues that this person may look at, None for all of them.

    Raises:
        MissingScope: her role has nothing to do with queues.
    """
    who = principal()
    if who.may("queues") or who.may("run_queues"):
        return None
    if not who.may("review") or who.person_id is None:
        raise MissingScope("Your role does not allow this.")
    return get_membership(db(), workspace_id=workspace_id(), person_id=who.person_id).all_queues or None


def figures_row(figures: QueueFigures) -> dict[str, Any]:
    """Return a queue's figures for a table."""
    takes = principal().may("review") and figures.paused_at is None
    return {
        "name": figures.name,
        "url": url_for("queue_pages.show_one", queue_id=show("queue", figures.id)),
        "paused_at": figures.paused_at,
        "counted_at": figures.counted_at,
        "complete": figures.complete,
        "waiting": figures.waiting,
        "oldest_at": figures.oldest_at,
        "oldest_seconds": seconds_since(figures.oldest_at),
        "next_due_at": figures.next_due_at,
        "next_due_seconds": None if figures.next_due_at is None else (figures.next_due_at - now()).total_seconds(),
        "due_soon": figures.due_soon,
        "breached": figures.breached,
        "people_working": figures.people_working,
        "decided_last_hour": figures.decided_last_hour,
        "wait_seconds": None if figures.wait is None else figures.wait.total_seconds(),
        "take_url": url_for("review.take", queue=figures.name) if takes and figures.waiting else None,
    }


def seconds_since(at: datetime | None) -> float | None:
    """Return how long ago something was, in seconds."""
    return None if at is None else max(0.0, (now() - at).total_seconds())


def hand_row(hand: InHand) -> dict[str, Any]:
    """Return what somebody has in hand for a table."""
    return {
        "how": hand.how,
        "id": show("item", hand.item_id),
        "item_url": f"/items/{show('item', hand.item_id)}",
        "task_type": hand.task_type,
        "queue": hand.queue,
        "queue_url": url_for("queue_pages.show_one", queue_id=show("queue", hand.queue_id)),
        "person": hand.person,
        "person_id": hand.person_id,
        "since": hand.since,
        "since_seconds": seconds_since(hand.since),
        "until": hand.until,
        "until_seconds": None if hand.until is None else (hand.until - now()).total_seconds(),
        "active_seconds": None if hand.active_ms is None else hand.active_ms // 1000,
        "stage": hand.stage,
        "due_at": hand.due_at,
        "due_seconds": (hand.due_at - now()).total_seconds(),
    }


def _row(row: InLine, queue: Queue) -> dict[str, Any]:
    score = None
    if queue.value_order and row.terms:
        score = explain_score(row.terms, due_at=row.due_at, half_life_ms=queue.half_life_ms, now=now())
    return {
        "item_url": f"/items/{show('item', row.item_id)}",
        "task_type": row.task_type,
        "priority": row.priority,
        "created_at": row.created_at,
        "age_seconds": seconds_since(row.created_at),
        "due_at": row.due_at,
        "due_seconds": (row.due_at - now()).total_seconds(),
        "stage": row.stage,
        "skills": row.skills,
        "for_lead": row.for_lead,
        "flagged": row.flagged,
        "score": score,
    }


def _settings(queue: Queue) -> dict[str, Any]:
    calendar = (
        None
        if queue.calendar_id is None
        else get_calendar(db(), workspace_id=workspace_id(), calendar_id=queue.calendar_id)
    )
    return {
        "calendar": calendar,
        "half_life": write_duration(queue.half_life_ms) if queue.value_order else None,
        "soon": write_duration(queue.soon_ms),
        "skipping": SKIPPING[queue.skip_policy],
        "skip_reasons": queue.skip_reasons,
        "relaxations": [
            {
                "after": write_duration(r["after_ms"]),
                "drop": r.get("drop", []),
                "candidates": bool(r.get("candidates")),
            }
            for r in queue.relaxations
        ],
        "lapse": write_duration(queue.lapse_ms),
        "reordering": queue.rekey_from is not None,
    }


def _workers(queue: Queue) -> list[dict[str, Any]]:
    """Return who may work a queue."""
    away = list_presences(db(), workspace_id=workspace_id())
    people = [m for m in list_members(db(), workspace_id=workspace_id(), limit=PEOPLE_AT_MOST) if works(m, queue.name)]
    return [
        {
            "name": m.person.name,
            "skills": m.all_skills,
            "paused_at": None if m.person.id not in away else away[m.person.id].paused_at,
        }
        for m in people
    ]


def works(member: MembershipRow, queue: str) -> bool:
    """Say whether a person may work a queue."""
    reviews = member.enabled and "review" in permissions_of_roles(member.roles)
    return reviews and (not member.all_queues or queue in member.all_queues)
